"""Several chapters composed at once, in processes of their own."""

import contextlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from multiprocessing.connection import Connection
from typing import Self

from sonify.errors import SonifyError
from sonify.melody.composer import Composer
from sonify.melody.plan import Plan
from sonify.melody.score import Phrase
from sonify.processes import spawn

_ALONE = 300  # phrases: a text that has no more is done before another process is up
_PART = 32  # plans that a process gets at once
_FED = 4  # processes that one is quick enough to hear for: composing takes four times as long
_AHEAD = 100  # parts that are composed ahead, at most: what bounds the memory


def compose_together(composer: Composer, plans: Iterable[Plan], members: int) -> Iterator[Phrase]:
    """Yields what `composer.compose(plans)` yields; who takes the plans, and when, differs.

    A chapter's notes don't depend on other chapters', so that each is one process's, which composes
    it while plans are still being made here.

    Args:
        composer: composes.
        plans: of a book; up to some thousands of them are taken ahead, none with one process.
        members: processes, at most; `_FED` of them have enough to do.

    Raises:
        SonifyError: one of the processes was ended by somebody else.
    """
    if members < 2:
        yield from composer.compose(plans)
        return
    plans = iter(plans)
    beginning = list(islice(plans, _ALONE))
    if len(beginning) < _ALONE:
        yield from composer.compose(chain(beginning, plans))
        return
    with contextlib.ExitStack() as stack:
        ensemble: dict[int, _Member] = {}
        coming: deque[Future[list[Phrase]]] = deque()
        for part in _parts(chain(beginning, plans)):
            desk = part[0].chapter.index % min(members, _FED)
            if desk not in ensemble:
                ensemble[desk] = stack.enter_context(_Member(composer))
            coming.append(ensemble[desk].compose(part))
            while coming and (coming[0].done() or len(coming) > _AHEAD):
                yield from coming.popleft().result()
        while coming:
            yield from coming.popleft().result()


def _parts(plans: Iterable[Plan]) -> Iterator[list[Plan]]:
    part: list[Plan] = []
    for plan in plans:
        if part and (plan.opening or len(part) == _PART):
            yield part
            part = []
        part.append(plan)
    if part:
        yield part


class _Member:
    """A process that composes some of the chapters, part by part."""

    def __init__(self, composer: Composer) -> None:
        self._process, self._pipe = spawn(_play, composer)
        self._asking = ThreadPoolExecutor(1)

    def compose(self, part: Sequence[Plan]) -> Future[list[Phrase]]:
        """Composes what follows the part before it, or a new chapter."""
        return self._asking.submit(self._ask, part)

    def _ask(self, part: Sequence[Plan]) -> list[Phrase]:
        try:
            self._pipe.send(part)
            phrases: list[Phrase] = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise SonifyError("a process that composes was ended; is there memory left?") from error
        return phrases

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()
        self._process.join()
        self._asking.shutdown(cancel_futures=True)
        self._pipe.close()


def _play(pipe: Connection, composer: Composer) -> None:
    plans: deque[Plan] = deque()
    phrases = composer.compose(iter(plans.popleft, None))
    with contextlib.suppress(EOFError, OSError):  # the other end is gone: so is who listens
        while True:
            plans.extend(pipe.recv())
            pipe.send(list(islice(phrases, len(plans))))
