"""Where the work on shards is done: in this process, in several on this machine, or on a cluster.

All go by the interface of `concurrent.futures`, and results come in the order of the work, so where it
is done makes no difference to what comes out.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from mil2mil.finding import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future

T = TypeVar("T")
R = TypeVar("R")

_PATIENCE = 10  # seconds in which a cluster has to answer
_AHEAD = 2  # pieces of work for each worker that may wait, or wait to be fetched: they are in memory


class Workers:
    """Those who do the work, so many at a time; without an executor, this process alone."""

    def __init__(self, executor: Executor | None = None, number: int = 1) -> None:
        self.executor = executor
        self.number = number

    def each(self, do: Callable[[T], R], work: Iterable[T]) -> Iterator[R]:
        """What `do` makes of each piece of work, in order. The work is drawn as fast as it is done.

        Raises DatasetError if a worker was lost for good.
        """
        if self.executor is None:
            yield from map(do, work)
            return
        from concurrent.futures import BrokenExecutor  # which a small dataset need not wait for

        waiting: deque[Future[R]] = deque()
        try:
            for piece in work:
                waiting.append(self.executor.submit(do, piece))
                if len(waiting) >= _AHEAD * self.number:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenExecutor as error:
            raise DatasetError("a worker was ended from outside, perhaps for lack of memory") from error
        finally:
            for future in waiting:
                future.cancel()

    def meanwhile(self, do: Callable[[T], R], work: Iterable[T]) -> Callable[[], list[R]]:
        """What threads of this process do while the workers work; the results when they are wanted.

        It is for what asks the store, which lets other threads go on while it searches.
        """
        if self.executor is None:
            return lambda: list(map(do, work))
        from concurrent.futures import ThreadPoolExecutor

        pool = ThreadPoolExecutor(os.cpu_count() or 1)
        futures = [pool.submit(do, piece) for piece in work]
        return lambda: [future.result() for future in futures]


SERIAL = Workers()


@contextmanager
def workers(name: str) -> Iterator[Workers]:
    """The workers that are called "serial", "processes" or "dask:ADDRESS", while they are needed.

    Raises DatasetError if there are none of that name, or the cluster cannot be reached.
    """
    if name == "serial":
        yield SERIAL
    elif name == "processes":
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        number = os.cpu_count() or 1
        # Not by a fork, which would copy the locks of the store's threads.
        with ProcessPoolExecutor(number, get_context("spawn"), _obey) as pool:
            yield Workers(pool, number)
    elif name.startswith("dask:"):
        try:
            from distributed import Client
        except ModuleNotFoundError as error:
            raise DatasetError("dask needs an extra: pip install 'mil2mil[dask]'") from error
        try:
            client = Client(name.removeprefix("dask:"), timeout=_PATIENCE)
        except (OSError, ValueError) as error:
            raise DatasetError(f"{name}: there is no scheduler of Dask: {error}") from error
        with client:
            try:
                client.wait_for_workers(1, timeout=_PATIENCE)
            except TimeoutError as error:
                raise DatasetError(f"{name}: the scheduler of Dask has no workers; start one") from error
            yield Workers(client.get_executor(pure=False), max(1, sum(client.ncores().values())))
    else:
        raise DatasetError(f"'{name}' is no executor; write serial, processes or dask:ADDRESS")


def _obey() -> None:
    """Let a worker process end with the one that it works for, and no other way.

    That one may be killed; and it alone is told of an interrupt.
    """
    import signal
    from multiprocessing import parent_process
    from threading import Thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)

    parent = parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()
