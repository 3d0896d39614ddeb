"""How a receiver makes sure that a webhook came from us: the same example on the page and in the operator guide."""

EXAMPLE = """import base64, hashlib, hmac, time


def is_ours(secret: str, headers: dict, body: bytes) -> bool:
    \"\"\"Whether this came from ChangeTrack, unchanged and just now; `body` as it arrived, not parsed.\"\"\"
    sent_at = headers["webhook-timestamp"]
    if abs(time.time() - int(sent_at)) > 300:
        return False  # somebody sends an old one again
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{sent_at}.".encode() + body
    right = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(right, one) for one in headers["webhook-signature"].split())
"""
