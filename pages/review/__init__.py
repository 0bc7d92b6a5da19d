"""Why is it wrong? The review page."""
