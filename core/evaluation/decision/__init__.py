"""Where to cut, and what that means: rules, promises, two thresholds, patients, net benefit."""
