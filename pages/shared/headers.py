"""What the server adds to its answers: security headers, and the dark reading room as the theme to begin with."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Streamlit's own pages style elements inline and compile component scripts; nothing may come from elsewhere.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# Streamlit has a dark and a light theme and begins with the system's; its menu keeps a choice under this key.
_DARK_UNLESS_CHOSEN = (
    b"<script>(()=>{const k='stActiveTheme-'+location.pathname+'-v2';"
    b"if(localStorage.getItem(k)===null)localStorage.setItem(k,'\"Dark\"')})()</script>"
)


class SecurityHeaders:
    """ASGI middleware that adds `HEADERS` to each response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; add the headers where a response starts."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class DarkByDefault:
    """ASGI middleware that lets a page begin dark where nobody has chosen a theme yet."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; HTML pages get a line of script before all others."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # The page must come as plain text for the line to be put in.
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        held: list[Message] = []
        html = False

        async def send_with_theme(message: Message) -> None:
            nonlocal html
            if message["type"] == "http.response.start":
                html = MutableHeaders(scope=message).get("content-type", "").startswith("text/html")
            if not html:
                await send(message)
                return
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                body = b"".join(part.get("body", b"") for part in held[1:])
                body = body.replace(b"<head>", b"<head>" + _DARK_UNLESS_CHOSEN, 1)
                MutableHeaders(scope=held[0])["content-length"] = str(len(body))
                await send(held[0])
                await send({"type": "http.response.body", "body": body})

        wants_page = b"text/html" in dict(scope["headers"]).get(b"accept", b"")
        await self._app(scope | {"headers": headers} if wants_page else scope, receive, send_with_theme)
