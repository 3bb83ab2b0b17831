"""What the layers above want to hear of; they must not be imported from here."""

from django.dispatch import Signal

# Sent after commit with `user_id`: whoever holds the person in a live room lets them go.
person_suspended = Signal()

# Sent after commit with `follower_id` and `followed_id`, when one began or ceased to follow.
follow_changed = Signal()

# Sent after commit with `blocker_id` and `blocked_id`.
person_blocked = Signal()

# Sent after commit with `user_id`, when somebody deleted their account.
account_closed = Signal()
