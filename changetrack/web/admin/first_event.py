"""How a product sends its first event: the same examples on a source's page and in docs/connecting.md."""

from dataclasses import dataclass

KEY = "YOUR_WRITE_KEY"


@dataclass(frozen=True, slots=True)
class Snippet:
    """An example to copy: `setup` is what installs the SDK, `code` what sends one event."""

    name: str
    setup: str
    code: str


def snippets(host: str, key: str = KEY) -> tuple[Snippet, ...]:
    """The examples for a host such as https://changetrack.example.com and a write key."""
    return tuple(
        Snippet(name, setup, code.replace("HOST", host).replace("KEY", key)) for name, setup, code in _SNIPPETS
    )


_SNIPPETS = (
    (
        "Segment, Python",
        "pip install segment-analytics-python",
        """import segment.analytics as analytics

analytics.write_key = "KEY"
analytics.host = "HOST"

analytics.track("user-42", "Report Created", {"rows": 12}, context={"groupId": "C-1041"})
analytics.shutdown()
""",
    ),
    (
        "Segment, Node",
        "npm install @segment/analytics-node",
        """const { Analytics } = require("@segment/analytics-node");

const analytics = new Analytics({ writeKey: "KEY", host: "HOST" });

analytics.track({
  userId: "user-42",
  event: "Report Created",
  properties: { rows: 12 },
  context: { groupId: "C-1041" },
});
analytics.closeAndFlush();
""",
    ),
    (
        "RudderStack, Python",
        "pip install rudder-sdk-python",
        """import rudderstack.analytics as analytics

analytics.write_key = "KEY"
analytics.dataPlaneUrl = "HOST"

analytics.track("user-42", "Report Created", {"rows": 12}, context={"groupId": "C-1041"})
analytics.shutdown()
""",
    ),
    (
        "PostHog, Python",
        "pip install posthog",
        """from posthog import Posthog

posthog = Posthog("KEY", host="HOST")

posthog.capture("Report Created", distinct_id="user-42", properties={"rows": 12}, groups={"company": "C-1041"})
posthog.shutdown()
""",
    ),
    (
        "curl",
        "",
        """curl HOST/v1/track -u KEY: -H "Content-Type: application/json" -d '{
  "messageId": "any-id-of-yours-that-is-new",
  "userId": "user-42",
  "event": "Report Created",
  "properties": {"rows": 12},
  "context": {"groupId": "C-1041"}
}'
""",
    ),
)
