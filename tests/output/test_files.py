"""The gate for output files: what is read, or was there, is never lost; nothing half stays; each says why."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from vrrplab.errors import OutputError, VrrplabError
from vrrplab.input_files import open_input, remembered
from vrrplab.output import files
from vrrplab.output.files import (
    FolderName,
    GrowingName,
    OutputName,
    folder_beside,
    open_to_write,
    promised,
    put_in_place,
    replaced,
    replaced_text,
    require_new_folder,
)

ROOT = Path(__file__).resolve().parent.parent.parent
Command = Callable[..., CompletedProcess[str]]

CONFIG = """\
vrrp_instance V1 {
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress {
        192.168.2.100/24
    }
}
"""
SCENARIO = """\
name: base
duration_s: 5
segments: {lan: {subnet: 192.168.2.0/24}}
servers:
  r1: {config: a.conf, interfaces: {eth0: {segment: lan, addresses: [192.168.2.1/24]}}}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario, its configuration that includes another file, and an old output, with links to them."""
    (tmp_path / "base.yaml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "a.conf").write_text("include more.conf\n" + CONFIG, encoding="utf-8")
    (tmp_path / "more.conf").write_text("global_defs {\n    router_id r1\n}\n", encoding="utf-8")
    (tmp_path / "old").write_text("old\n", encoding="utf-8")
    (tmp_path / "soft").symlink_to("old")
    (tmp_path / "hard").hardlink_to(tmp_path / "old")
    (tmp_path / "soft.yaml").symlink_to("base.yaml")
    (tmp_path / "hard.conf").hardlink_to(tmp_path / "a.conf")
    (tmp_path / "more.svg").symlink_to("more.conf")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket")
    return tmp_path


@pytest.fixture(params=["without a name", "named"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to make the new file: as Linux has it, and as it is done elsewhere."""
    if request.param == "named":
        monkeypatch.setattr(files, "_nameless", lambda folder: -1)
    return str(request.param)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def write(path: str | Path, text: str) -> None:
    with replaced_text(path) as file:
        file.write(text)


# -- commands -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "base.yaml --out base.yaml",
            "--out base.yaml: this run reads base.yaml, which would be overwritten",
        ),
        ("base.yaml --html ./base.yaml", "--html ./base.yaml: this run reads base.yaml"),
        ("base.yaml --pcap soft.yaml", "--pcap soft.yaml: this run reads base.yaml"),
        ("soft.yaml --pcap base.yaml", "--pcap base.yaml: this run reads soft.yaml"),
        ("base.yaml --out a.conf", "--out a.conf: this run reads a.conf"),
        ("base.yaml --html hard.conf", "--html hard.conf: this run reads a.conf"),
        ("base.yaml --plot more.svg", "--plot more.svg: this run reads more.conf"),
        ("a.conf --out more.conf", "--out more.conf: this run reads more.conf"),
        ("base.yaml --out new --html new", "--html new: this is where --out new is written too"),
        ("base.yaml --out new --html ./folder/../new", "this is where --out new is written too"),
        ("base.yaml --pcap old --html hard", "--html hard: this is where --pcap old is written too"),
        ("base.yaml --out old --pcap soft", "--pcap soft: this is where --out old is written too"),
        ("base.yaml --out=", "--out '': an empty name is no file's - name a file, or leave it out"),
        ("base.yaml --html -", "--html -: '-' is no file's name here - standard output is /dev/stdout"),
        ("base.yaml --out folder", "--out folder: is a folder - name a file in it"),
        ("base.yaml --pcap no/such", "there is no folder no - make it first"),
        ("base.yaml --out old/new", "--out old/new: cannot be written: Not a directory"),
        ("base.yaml --out folder/ --html old", "--out folder/: is a folder"),
        ("base.yaml --plot new.jpg", "--plot new.jpg: the name must end in .svg or .png"),
        (f"base.yaml --out {'n' * 300}", "cannot be written: File name too long"),
        ("base.yaml --out socket", "--out socket: cannot be written: No such device or address"),
        ("base.yaml --out /dev/full", "--out /dev/full: cannot be written: No space left on device"),
    ],
)
def test_refused_in_one_line_and_nothing_is_changed(
    vrrplab: Command, here: Path, words: str, told: str
) -> None:
    before = contents(here)
    done = vrrplab("simulate", *words.split(" "))
    assert told in done.stderr
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert contents(here) == before


def test_a_reloads_file_is_an_input_too(vrrplab: Command, here: Path) -> None:
    (here / "later.conf").write_text(CONFIG, encoding="utf-8")
    action = "actions: [{at_s: 2, action: reload, server: r1, config: later.conf}]\n"
    (here / "base.yaml").write_text(SCENARIO + action, encoding="utf-8")
    done = vrrplab("simulate", "base.yaml", "--out", "later.conf")
    assert "--out later.conf: this run reads later.conf" in done.stderr
    assert (here / "later.conf").read_text(encoding="utf-8") == CONFIG


@pytest.mark.parametrize("words", ["decode {} --timeline --plot link.svg", "verify {} --plot link.svg"])
def test_a_capture_and_a_recording_are_inputs(vrrplab: Command, here: Path, words: str) -> None:
    recording = next((ROOT / "data" / "recordings").glob("*/capture.pcap")).parent
    copy = here / "recording"
    copy.mkdir()
    for file in recording.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    read = "capture.pcap" if "decode" in words else "observed.json"
    (here / "link.svg").symlink_to(copy / read)
    done = vrrplab(*words.format(copy / read if "decode" in words else copy).split(" "))
    assert "--plot link.svg: this run reads " in done.stderr
    assert done.returncode == 2
    assert contents(copy) == contents(recording)


def test_all_outputs_are_written_and_links_stay(vrrplab: Command, here: Path) -> None:
    os.chmod(here / "old", 0o640)
    words = ["--out", "soft", "--html", "new.html", "--pcap", "new.pcap", "--seed", "1"]
    done = vrrplab("simulate", "base.yaml", *words)
    assert (done.returncode, done.stdout) == (0, "")
    assert (here / "soft").is_symlink()
    assert (here / "old").read_text(encoding="utf-8").startswith("base\n")
    assert stat.S_IMODE((here / "old").stat().st_mode) == 0o640
    assert (here / "hard").read_text(encoding="utf-8") == "old\n", "another name keeps what it had"
    assert not list(here.glob(".vrrplab-*"))


def test_what_was_written_before_the_second_failed_is_there_and_named(vrrplab: Command, here: Path) -> None:
    done = vrrplab("simulate", "base.yaml", "--out", "old", "--html", "/dev/full")
    assert done.returncode == 2
    told = "--html /dev/full: cannot be written: No space left on device - --out old is written"
    assert told in done.stderr
    assert (here / "old").read_text(encoding="utf-8").startswith("base\n")


def test_standard_output_by_its_names(here: Path) -> None:
    """Input: /dev/stdout where it is a pipe, and where it is a file that already has a line. Output: it is
    written, behind that line; a file that standard output goes to is not replaced by name.
    """
    simulate = f"{sys.executable} -m vrrplab simulate base.yaml"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def sh(line: str) -> CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", line], env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    assert sh(f"{simulate} --out /dev/stdout | cat").stdout.startswith("base\n")
    assert sh(f"(echo first; {simulate} --out /dev/stdout) > both").returncode == 0
    assert (here / "both").read_text(encoding="utf-8").startswith("first\nbase\n")
    done = sh(f"{simulate} --out /dev/fd/3 3<> base.yaml")
    assert "--out /dev/fd/3: this run reads base.yaml, which would be overwritten" in done.stderr
    assert (here / "base.yaml").read_text(encoding="utf-8") == SCENARIO
    done = sh(f"{simulate} --html both < both")
    assert "--html both: this run reads standard input from there" in done.stderr
    done = sh(f"{simulate} --html both >> both")
    assert "--html both: this is where the command prints, too" in done.stderr
    assert (here / "both").read_text(encoding="utf-8").startswith("first\nbase\n")


def limited(size_bytes: int) -> Callable[[], None]:
    import resource

    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))


@pytest.mark.parametrize("option", ["--out", "--html", "--pcap", "--plot"])
def test_a_file_that_becomes_too_large(vrrplab: Command, here: Path, option: str) -> None:
    """Input: no file may have more than 100 bytes. Output: the old one whole, one line that names it."""
    (here / "old.svg").write_text("old\n", encoding="utf-8")
    before = contents(here)
    done = vrrplab("simulate", "base.yaml", option, "old.svg", preexec_fn=limited(100))
    told = (
        f"vrrplab: {option} old.svg: cannot be written: File too large - what was there before is unchanged"
    )
    assert (done.returncode, done.stderr.splitlines()) == (2, [told])
    assert contents(here) == before


@pytest.mark.needs("namespaces")
def test_a_file_that_is_mounted_by_itself(here: Path) -> None:
    """As containers get single files. Input: one on another disk. Output: refused before the work."""
    script = (
        "mount -t tmpfs none folder && echo m > folder/m && mount --bind folder/m old"
        f' && {sys.executable} -c \'from vrrplab.output.files import *; OutputName("old").require("--out")\''
    )
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "--out old: is mounted by itself, so it cannot be replaced - name another file" in done.stderr


@pytest.mark.needs("namespaces")
def test_a_full_disk_keeps_the_old_file(here: Path) -> None:
    """Input: a disk of 64 kB, nearly full, with an old page on it. Output: it is there as it was."""
    script = (
        "mount -t tmpfs -o size=64k none folder && cd folder && head -c 20000 /dev/zero > page.html"
        f" && {sys.executable} -m vrrplab simulate ../base.yaml --html page.html --out t; echo $?"
        "; ls -A; wc -c page.html"
    )
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["2", "page.html", "t", "20000 page.html"]
    assert done.stderr.splitlines() == [
        "vrrplab: --html page.html: cannot be written: No space left on device"
        " - what was there before is unchanged; --out t is written"
    ]


# -- a file as a whole --------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken_by", [KeyboardInterrupt, ValueError, MemoryError, SystemExit])
@pytest.mark.parametrize("name", ["old", "new"])
@pytest.mark.usefixtures("way")
def test_what_breaks_off_leaves_what_was_there(here: Path, name: str, broken_by: type[BaseException]) -> None:
    before = contents(here)

    def write_half() -> None:
        with replaced(name) as file:
            file.write(b"x" * 100_000)
            raise broken_by

    with pytest.raises(broken_by):
        write_half()
    assert contents(here) == before


@pytest.mark.usefixtures("way")
def test_another_files_trouble_is_not_told_as_this_ones(here: Path) -> None:
    before = contents(here)
    with pytest.raises(FileNotFoundError, match="no-such"), replaced("old"):
        Path("no-such").read_bytes()
    told = r"^old: cannot be written: Input/output error - what was there"
    with pytest.raises(OutputError, match=told), replaced("old"):
        raise OSError(5, "Input/output error")
    assert contents(here) == before


@pytest.mark.usefixtures("way")
def test_modes_are_those_of_the_old_file_or_of_any_new_one(here: Path) -> None:
    os.chmod("old", 0o604)
    before = os.umask(0o027)
    try:
        write("old", "a")
        write("new", "b")
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE(os.stat(name).st_mode) for name in ("old", "new")}
    assert modes == {"old": 0o604, "new": 0o640}


@pytest.mark.needs("root")
def test_root_leaves_a_users_file_to_him(here: Path) -> None:
    os.chown("old", 12345, 23456)
    write("old", "a")
    assert (os.stat("old").st_uid, os.stat("old").st_gid) == (12345, 23456)


def test_killed_in_the_middle_nothing_stays(here: Path) -> None:
    """Input: SIGKILL while it writes. Output: the old file, and nothing beside it, where that can be."""
    if files._nameless(".") < 0:
        pytest.skip("this file system has no O_TMPFILE")
    code = (
        "import sys, time\nfrom vrrplab.output.files import replaced\n"
        "with replaced('old') as file:\n    file.write(b'x' * 100000)\n    file.flush()\n"
        "    print('writes', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert (here / "old").read_text(encoding="utf-8") == "old\n"
    assert not list(here.glob(".vrrplab-*"))


def test_two_processes_that_write_one_file_leave_it_whole(here: Path) -> None:
    """Input: two writers of the same name, 40 times each. Output: every reader sees one of theirs, whole."""
    code = (
        "import sys\nfrom vrrplab.output.files import replaced\n"
        "for _ in range(40):\n    with replaced('old') as file:\n"
        "        [file.write(sys.argv[1].encode() * 1000) for _ in range(100)]\n"
    )
    words = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [subprocess.Popen([*words, letter], env=environment) for letter in "ab"]
    seen = set()
    while any(process.poll() is None for process in processes):
        data = (here / "old").read_bytes()
        seen.add((data[:1], len(data), len(set(data))))
    assert [process.returncode for process in processes] == [0, 0]
    assert seen <= {(b"o", 4, 4), (b"a", 100_000, 1), (b"b", 100_000, 1)}
    assert not list(here.glob(".vrrplab-*"))


def test_half_a_character_is_written_as_its_escape(here: Path) -> None:
    write("new", '"\udcff"\n')
    assert (here / "new").read_bytes() == b'"\\udcff"\n'


# -- who may ------------------------------------------------------------------------------------------------


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder as /tmp is, with a file of root's and a link of somebody's; the test runs as nobody."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o1777)
        folder = Path(name)
        for file in ("theirs", "open", "mine"):
            (folder / file).write_text("old\n", encoding="utf-8")
        os.chmod(folder / "open", 0o666)
        os.chown(folder / "mine", 65534, 65534)
        (folder / "planted").symlink_to("mine")
        os.lchown(folder / "planted", 12345, 12345)
        (folder / "own").symlink_to("mine")
        os.lchown(folder / "own", 65534, 65534)
        (folder / "closed").mkdir(mode=0o755)
        (folder / "closed" / "open").write_text("old\n", encoding="utf-8")
        os.chmod(folder / "closed" / "open", 0o666)
        os.seteuid(65534)
        try:
            yield folder
        finally:
            os.seteuid(0)


@pytest.mark.needs("root")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("theirs", "cannot be written: Permission denied"),
        ("planted", "is a link of another user, in a folder that everybody may write - name the file itself"),
        ("open", "it belongs to another user, and in .* only he may replace it"),
        ("closed/new", "nothing can be written in its folder"),
        ("closed/open", "nothing can be written in its folder"),
        ("mine", ""),
        ("own", ""),
        ("new", ""),
    ],
)
def test_rights_are_looked_at_before_the_work(shared: Path, name: str, told: str) -> None:
    if told:
        with pytest.raises(OutputError, match=told), promised({"--out": OutputName(shared / name)}):
            pass
        with pytest.raises(OutputError, match=told):
            write(shared / name, "new")
        assert {file.read_text(encoding="utf-8") for file in shared.iterdir() if file.is_file()} == {"old\n"}
    else:
        write(shared / name, "new")
        assert (shared / name).read_text(encoding="utf-8") == "new"
        assert (shared / "own").is_symlink()


# -- inside a command, outside of one -----------------------------------------------------------------------


def test_a_command_that_promised_nothing_is_held_to_it_when_it_writes(here: Path) -> None:
    """A new command that forgets its option's type: still no input is replaced, no output written twice."""
    before = contents(here)
    with remembered(), promised({}):
        open_input("base.yaml").close()
        with pytest.raises(VrrplabError, match=r"^soft.yaml: this run reads base.yaml"):
            write("soft.yaml", "new")
        with pytest.raises(VrrplabError, match=r"^soft.yaml: this run reads base.yaml"):
            open_to_write("soft.yaml")
        assert contents(here) == before
        write("soft", "new")
        with pytest.raises(OutputError, match=r"^old: this is where soft was written"):
            write("old", "newer")
    assert (here / "old").read_text(encoding="utf-8") == "new"


def test_what_another_process_put_in_place_of_ours_may_be_replaced(here: Path) -> None:
    """The file that this run wrote is gone, and the system has given its number to another name."""
    with promised({}):
        for name in ("new", "newer"):
            with replaced_text(name) as file:
                file.write("ours")
        (here / "new").rename(here / "elsewhere")
        (here / "new").write_text("of another process", encoding="utf-8")
        with replaced_text("elsewhere") as file:
            file.write("ours, too")
        with (
            pytest.raises(OutputError, match=r"newer was written.*; new, newer and elsewhere are written$"),
            replaced_text("newer"),
        ):
            pass
    assert (here / "elsewhere").read_text(encoding="utf-8") == "ours, too"


def test_a_notebook_may_replace_what_it_has_read(here: Path) -> None:
    from vrrplab import read_trace, simulate

    simulate("base.yaml").save("t.jsonl")
    trace = read_trace("t.jsonl")
    for _ in range(2):
        trace.save("t.jsonl")
    assert [e.to_json() for e in read_trace("t.jsonl")] == [e.to_json() for e in trace]


def test_outputs_of_one_run_are_known_to_it_alone(here: Path) -> None:
    with (
        promised({"--out": OutputName("old")}),
        pytest.raises(VrrplabError, match="--out old: this run reads"),
    ):
        open_input("hard")
    open_input("hard").close()


def test_names_that_no_file_can_have(here: Path) -> None:
    for name in ("", "-", "a\0b", "folder", "folder/", "folder/.", "no/such"):
        with pytest.raises(OutputError) as caught:
            write(name, "x")
        assert isinstance(caught.value, OSError), "as an output that cannot be written always was"
        assert "\0" not in str(caught.value)


# -- files that grow ----------------------------------------------------------------------------------------


def test_a_growing_file_has_one_writer_and_is_emptied_last(here: Path) -> None:
    descriptor = open_to_write("soft")
    try:
        os.write(descriptor, b"line\n")
        with pytest.raises(OutputError, match=r"^old: another process is writing it"):
            open_to_write("old")
        with pytest.raises(OutputError, match=r"^hard: another process is writing it"):
            write("hard", "new")
    finally:
        os.close(descriptor)
    assert (here / "hard").read_text(encoding="utf-8") == "line\n"
    os.close(open_to_write("old"))
    assert (here / "old").read_bytes() == b""


def test_a_watch_that_is_refused_has_emptied_nothing(vrrplab: Command, here: Path) -> None:
    words = ["live", "watch", "--udp", "--port", "11298", "--until", "1", "--out", "old", "--pcap", "no/such"]
    assert vrrplab(*words).returncode == 2
    assert (here / "old").read_text(encoding="utf-8") == "old\n"


def test_a_fifo_is_written_when_somebody_reads_it(here: Path) -> None:
    os.mkfifo("fifo")
    with pytest.raises(OutputError, match="nobody reads this FIFO"):
        open_to_write("fifo")
    found: list[bytes] = []
    reader = threading.Timer(0.2, lambda: found.append(Path("fifo").read_bytes()))
    reader.daemon = True
    reader.start()
    write("fifo", "x" * 200_000)
    reader.join(10)
    assert [len(data) for data in found] == [200_000]
    assert stat.S_ISFIFO(os.stat("fifo").st_mode)


def test_growing_names_need_no_room_beside_them() -> None:
    GrowingName("/dev/null").require("--out")
    with pytest.raises(OutputError, match=r"--pcap /proc/self/fd/999: is not open"):
        GrowingName("/proc/self/fd/999").require("--pcap")


# -- folders ------------------------------------------------------------------------------------------------


def test_a_folder_is_there_whole_or_not_at_all(here: Path) -> None:
    with pytest.raises(FileExistsError), folder_beside("kept/one") as beside:
        Path(beside).mkdir()
    assert list((here / "kept").iterdir()) == []
    with folder_beside("kept/one") as beside:
        part = Path(beside, "part")
        part.mkdir()
        (part / "file").write_text("x", encoding="utf-8")
        put_in_place(str(part), "kept/one")
    assert [path.name for path in (here / "kept").iterdir()] == ["one"]
    with pytest.raises(OutputError, match="a recording is never overwritten"):
        require_new_folder("kept/one")
    with folder_beside("kept/one") as beside:
        Path(beside, "part").mkdir()
        with pytest.raises(OutputError, match=r"^kept/one: cannot be written"):
            put_in_place(f"{beside}/part", "kept/one")
    assert (here / "kept" / "one" / "file").exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "an empty name"),
        ("-", "no file's name"),
        ("old", r"--record old: .*/old is no folder"),
        ("old/x", r"--record old/x: .*/old is no folder"),
        ("new/deep/er", ""),
        ("folder", ""),
    ],
)
def test_names_of_folders(here: Path, name: str, told: str) -> None:
    if told:
        with pytest.raises(OutputError, match=told):
            FolderName(name).require("--record")
    else:
        FolderName(name).require("--record")
    assert not (here / "new").exists()
