"""The thread that runs preparations after the start."""

from fhir_server.extension import Engine
from fhir_server.jobs.preparer import Preparer
from tests.interactions.client import Client
from tests.jobs.test_job_runner import until


def test_it_takes_step_after_step_until_nothing_is_left(client: Client) -> None:
    left = [3, 2, 1]
    seen: list[Engine] = []

    def prepare(engine: Engine) -> bool:
        seen.append(engine)
        left.pop()
        return bool(left)

    preparer = Preparer(client.engines, [prepare], delay_seconds=0)
    preparer.start()
    until(lambda: not left)
    preparer.stop()
    assert seen == [client.engines.latest()] * 3


def test_one_that_fails_leaves_the_others_alone(client: Client) -> None:
    done: list[str] = []

    def failing(_engine: Engine) -> bool:
        raise KeyError("what a resource says")

    def prepare(_engine: Engine) -> bool:
        done.append("prepared")
        return False

    preparer = Preparer(client.engines, [failing, prepare], delay_seconds=0)
    preparer.start()
    until(lambda: done == ["prepared"])
    preparer.stop()


def test_it_ends_with_the_server(client: Client) -> None:
    steps: list[int] = []

    def endless(_engine: Engine) -> bool:
        steps.append(1)
        return True

    preparer = Preparer(client.engines, [endless], delay_seconds=0)
    preparer.start()
    until(lambda: bool(steps))
    preparer.stop()
