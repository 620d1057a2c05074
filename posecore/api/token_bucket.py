"""How fast messages are taken: as fast as a bucket refills."""

import time
from collections.abc import Callable


class TokenBucket:
    """Holds ``capacity`` tokens, refilled at ``rate_hz``; who takes too many has to wait.

    Parameters
    ----------
    rate_hz, capacity : float
    clock : callable
        Rising seconds.
    """

    def __init__(
        self, rate_hz: float, capacity: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate_hz = rate_hz
        self._capacity = capacity
        self._clock = clock
        self._n_tokens = capacity
        self._last_s = clock()

    @property
    def is_full(self) -> bool:
        """Whether nothing was taken for a while."""
        self._refill()
        return self._n_tokens >= self._capacity

    def take(self, n_tokens: float = 1.0) -> float:
        """Take tokens, on credit where there are too few; returns the seconds to wait for them."""
        self._refill()
        self._n_tokens -= min(n_tokens, self._capacity)
        return max(0.0, -self._n_tokens / self._rate_hz)

    def try_take(self) -> bool:
        """Take a token if there is one; whoever gets none has nothing to make up for."""
        self._refill()
        if self._n_tokens < 1:
            return False
        self._n_tokens -= 1
        return True

    def _refill(self) -> None:
        now_s = self._clock()
        gained = (now_s - self._last_s) * self._rate_hz
        self._n_tokens = min(self._capacity, self._n_tokens + gained)
        self._last_s = now_s
