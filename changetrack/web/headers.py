"""What browsers are told: nothing inline, nothing foreign, no frames, no copies of what only one may see."""

from flask import Flask, Response, request
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)

from changetrack.config import Settings
from changetrack.web.secret_addresses import is_secret

YEAR = 365 * 24 * 3600
POLICY = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",  # the arrows and ticks inside our style sheets
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
))  # fmt: skip
UNUSED = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def init_headers(app: Flask, settings: Settings) -> None:
    """Put the headers on every response, errors included."""
    policies = Secure(
        csp=ContentSecurityPolicy().value(POLICY),
        hsts=StrictTransportSecurity().max_age(YEAR).include_subdomains() if settings.is_https else None,
        xcto=XContentTypeOptions().nosniff(),
        xfo=XFrameOptions().deny(),
        referrer=ReferrerPolicy().same_origin(),  # CSRF protection reads it, so not none
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
        permissions=PermissionsPolicy().value(UNUSED),
    )

    @app.after_request
    def protect(response: Response) -> Response:
        policies.set_headers(response)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        if is_secret(request.path):
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response
