import pytest

from tests.watch.watching import IMPATIENT, Watch


@pytest.fixture(autouse=True)
def _impatience(monkeypatch):
    """Watchers in this process take a file for whole sooner."""
    monkeypatch.setattr("sonify.watch.scanner.SETTLE", 0.2)


@pytest.fixture
def folders(tmp_path):
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    inbox.mkdir()
    return inbox, out


@pytest.fixture
def start(folders):
    """Starts `sonify watch` on the folders, impatient as those in this process are."""
    started = []

    def begin(*options: str, **more) -> Watch:
        watch = Watch(*folders, *options, command=("-c", IMPATIENT), **more)
        started.append(watch)
        return watch

    yield begin
    for watch in started:
        watch.kill()


@pytest.fixture(scope="module")
def living(tmp_path_factory):
    """A watcher that several tests share; each has a folder of its own in its inbox."""
    folder = tmp_path_factory.mktemp("living")
    (folder / "inbox").mkdir()
    watch = Watch(folder / "inbox", folder / "out")
    watch.expect("started")
    yield watch
    watch.kill()


@pytest.fixture
def own(living, request):
    """A test's own folder in the shared inbox, and the one for its soundtracks."""
    name = request.node.name.removeprefix("test_")
    (living.inbox / name).mkdir()
    return living.inbox / name, living.out / name
