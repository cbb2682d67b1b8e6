"""A stand-in Zammad that behaves as the recorded servers did, for the demo, the tests and fault injection."""

from plugin.sandbox.clock import SandboxClock
from plugin.sandbox.deliveries import Delivery, Reply
from plugin.sandbox.sandbox import Sandbox

__all__ = ["Delivery", "Reply", "Sandbox", "SandboxClock"]
