"""The job queue: what lies in it is believed only if we have signed it."""

import pickle
import time

import pytest

from sipvote import jobs

sprung = []


def spring():
    sprung.append(True)
    return {}


class Trap:
    """Runs our code in whoever unpickles it."""

    def __reduce__(self):
        return spring, ()


@pytest.mark.usefixtures("database")
def test_what_somebody_else_wrote_into_the_queue_is_not_even_read(app):
    sprung.clear()
    queue, strange = jobs.queue_of(app), pickle.dumps(Trap())
    jobs.beat("ours", {"at": time.time()})
    assert set(jobs.beats()) == {"ours"}
    for forged in (strange, strange + b":" + b"0" * 40):
        queue.storage.put_data(jobs.BEATS, forged)
        queue.storage.enqueue(forged)
        assert jobs.beats() == {}
        with pytest.raises(ValueError):
            queue.dequeue()
    assert not sprung
    pickle.loads(strange)  # noqa: S301  (our own trap)
    assert sprung  # the trap works


@pytest.mark.usefixtures("database")
def test_after_such_a_word_the_queue_goes_on(app):
    jobs.queue_of(app).storage.put_data(jobs.BEATS, pickle.dumps({}))
    jobs.beat("ours", {"at": time.time()})
    jobs.ask("mail")
    assert set(jobs.beats()) == {"ours"} and jobs.queue_of(app).dequeue().args == ("mail",)
