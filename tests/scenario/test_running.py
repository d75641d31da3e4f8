"""What a daemon says that it runs, against the file: every difference once, and none where there is none."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from vrrplab.commands.cli import main
from vrrplab.config.reader import parse_text
from vrrplab.errors import HostError
from vrrplab.scenario.node_files import node_files
from vrrplab.scenario.nodes import nodes_from
from vrrplab.scenario.running import Difference, differences, read_running

DUMPS = Path(__file__).parent / "dumps"
CONF = """global_defs {
    router_id a
    script_user root
    enable_script_security
    vrrp_garp_master_delay 2
}
vrrp_script chk {
    script "/bin/true"
    interval 2
    timeout 1
    weight -20
    fall 3
}
vrrp_instance V {
    state MASTER
    interface d0
    virtual_router_id 51
    priority 150
    authentication {
        auth_type PASS
        auth_pass secret
    }
    virtual_ipaddress {
        10.9.9.100/24 dev d0 label d0:x
    }
    virtual_ipaddress_excluded {
        10.9.9.101
    }
    track_script {
        chk
    }
    track_interface {
        d2 weight -10
    }
}
vrrp_instance W {
    interface d2
    virtual_router_id 52
    version 3
    advert_int 0.5
    nopreempt
    unicast_src_ip 10.9.8.1
    unicast_peer {
        10.9.8.2
    }
    virtual_ipaddress {
        10.9.8.100/24
    }
}
vrrp_sync_group G {
    group {
        W
        U
    }
}
vrrp_instance U {
    interface d2
    virtual_router_id 53
    virtual_ipaddress {
        10.9.8.101/24
    }
}
"""
# Of a 2.2.7 that ran such a file, shortened.
DUMP = """------< Global definitions >------
 Network namespace = (default)
 Router ID = a
 VRRP default protocol version = 2
------< VRRP Topology >------
 VRRP Instance = V
   VRRP Version = 2
   State = MASTER
   Flags:
   Wantstate = MASTER
   Master down timer = 3425781 usecs
   Interface = d0
   Using src_ip = 10.9.9.1
   Multicast address 224.0.0.18
   Gratuitous ARP delay = 2
   Gratuitous ARP repeat = 5
   Gratuitous ARP lower priority delay = 2
   Send advert after receive lower priority advert = true
   Virtual Router ID = 51
   Priority = 150
   Effective priority = 130
   Total priority = 130
   Advert interval = 1 sec
   Accept = enabled
   Preempt = enabled
   Authentication type = SIMPLE_PASSWORD
   Password = secret
   Virtual IP (1):
     10.9.9.100/24 dev d0 scope global label d0:x set
   Virtual IP Excluded :
     10.9.9.101 dev d0 scope global set
   fd_in 15, fd_out 16
   Tracked interfaces :
     d2 weight -10
   Tracked scripts :
     chk weight -20
   Using smtp notification = no
 VRRP Instance = W
   VRRP Version = 3
   State = BACKUP
   Flags:
     Using unicast
   Interface = d2
   Using src_ip = 10.9.8.1 (from configuration)
   Virtual Router ID = 52
   Priority = 100
   Effective priority = 100
   Advert interval = 500 milli-sec
   Preempt = disabled
   Virtual IP (1):
     10.9.8.100/24 dev d2 scope global
   Unicast Peer :
     10.9.8.2 min_ttl 0 max_ttl 255
   Using smtp notification = no
 VRRP Instance = U
   VRRP Version = 2
   State = BACKUP
   Interface = d2
   Virtual Router ID = 53
   Priority = 100
   Effective priority = 100
   Virtual IP (1):
     10.9.8.101/24 dev d2 scope global
------< VRRP Sync groups >------
 VRRP Sync Group = G, BACKUP
   VRRP member instances :
     W
     U
   Using smtp notification = no
------< VRRP Scripts >------
 VRRP Script = chk
   Command = '/usr/bin/true'
   Interval = 2 sec
   Timeout = 1 sec
   Weight = -20
   Rise = 1
   Fall = 3
   Tracking instances :
     V, weight -20
------< Interfaces >------
 Name = d0
   index = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.conf").write_text(CONF, encoding="utf-8")
    Path("keepalived.data").write_text(DUMP, encoding="utf-8")
    return tmp_path


def compared(conf: str = CONF, dump: str = DUMP) -> list[Difference]:
    Path("a.dump").write_text(dump, encoding="utf-8")
    return differences(parse_text(conf, "a.conf"), read_running("a.dump"))


def test_what_the_daemon_is_and_runs_is_read(folder: Path) -> None:
    running = read_running("keepalived.data")
    assert {n: (i.state, i.effective_priority) for n, i in running.instances.items()} == {
        "V": ("MASTER", 130),
        "W": ("BACKUP", 100),
        "U": ("BACKUP", 100),
    }
    assert (running.router_id, running.groups, list(running.scripts)) == ("a", {"G": ("W", "U")}, ["chk"])


def test_a_daemon_that_runs_its_file_differs_in_nothing(folder: Path) -> None:
    assert compared() == []


@pytest.mark.parametrize(
    ("written", "runs", "same"),
    [
        ('"/bin/sh -c true"', "'/usr/bin/dash' '-c' 'true'", True),
        ('"pidof squid"', "'/usr/sbin/killall5' 'squid'", True),
        ('"/bin/sh -c true"', "'/usr/bin/dash' '-c' 'false'", False),
        ('"/usr/local/bin/a.sh"', "'/usr/local/bin/b.sh'", False),
    ],
)
def test_a_program_may_be_a_link_of_the_system(written: str, runs: str, same: bool, folder: Path) -> None:
    conf = CONF.replace('"/bin/true"', written)
    found = compared(conf, DUMP.replace("Command = '/usr/bin/true'", f"Command = {runs}"))
    assert [d.option for d in found] == ([] if same else ["script"])


def test_a_virtual_mac_whose_adverts_leave_by_the_card_itself(folder: Path) -> None:
    """2.2.7's line with vmac_xmit_base has one word more."""
    conf = CONF.replace("    interface d0\n", "    interface d0\n    use_vmac\n    vmac_xmit_base\n")
    dump = DUMP.replace("Interface = d0", "Interface = vrrp.51, vmac on d0, xmit base i/f", 1)
    dump = dump.replace("dev d0 scope", "dev vrrp.51 scope")
    assert compared(conf, dump) == []


def test_stars_are_no_other_password(folder: Path) -> None:
    assert compared(dump=DUMP.replace("Password = secret", "Password = ********")) == []


@pytest.mark.parametrize(
    ("changed", "line", "about", "told"),
    [
        (("priority 150", "priority 140"), 18, "vrrp_instance V", "priority runs as 150, the file says 140"),
        (("auth_pass secret", "auth_pass other"), 21, "vrrp_instance V",
         "auth_pass runs as another one than the file says"),
        (("advert_int 0.5", "advert_int 0.7"), 40, "vrrp_instance W",
         "advert_int runs as 0.5 s, the file says 0.7 s"),
        (("    nopreempt\n", "\n"), 36, "vrrp_instance W", "preempt runs as no, the file says yes"),
        (("unicast_src_ip 10.9.8.1", "unicast_src_ip 10.9.8.9"), 42, "vrrp_instance W",
         "unicast_src_ip runs as 10.9.8.1, the file says 10.9.8.9"),
        (("weight -10", "weight -11"), 33, "vrrp_instance V",
         "track_interface d2 runs as weight -10, the file says weight -11"),
        (("        d2 weight -10\n", "\n"), 14, "vrrp_instance V",
         "track_interface d2 weight -10 runs and is not in the file"),
        (("        10.9.9.101\n", "        10.9.9.101\n 10.9.9.102\n"), 28, "vrrp_instance V",
         "virtual_ipaddress_excluded 10.9.9.102/32 dev d0 is in the file and does not run"),
        (("fall 3", "fall 2"), 12, "vrrp_script chk", "fall runs as 3, the file says 2"),
        (("/bin/true", "/opt/check"), 8, "vrrp_script chk", "script runs as true, the file says check"),
        (("        W\n        U\n", "        U\n        W\n"), 51, "vrrp_sync_group G",
         "group runs as W, U, the file says U, W"),
        (("vrrp_garp_master_delay 2", "vrrp_garp_master_delay 3"), 5, "vrrp_instance V",
         "garp_master_delay runs as 2 s, the file says 3 s"),
    ],
)  # fmt: skip
def test_each_change_is_told_with_its_line(
    changed: tuple[str, str], line: int, about: str, told: str, folder: Path
) -> None:
    conf = CONF.replace(*changed, 1)
    found = [(d.source.line, d.about, str(d)) for d in compared(conf)]
    assert (line, about, told) in found
    assert len(found) == 1 or "garp" in told


def test_a_block_that_does_not_run_and_one_that_is_not_written(folder: Path) -> None:
    conf = CONF.replace("vrrp_instance W {", "vrrp_instance X {")
    found = {(d.about, str(d)) for d in compared(conf)}
    assert ("vrrp_instance X", "vrrp_instance X is in the file and does not run") in found
    assert ("vrrp_instance W", "vrrp_instance W runs and is not in the file") in found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not what keepalived writes about itself - make it on that host: kill -USR1"),
        ("\0\xff binary", "is not what keepalived writes about itself"),
        ("------< Global definitions >------\n", "has no instance in it: another process of keepalived"),
    ],
)
def test_another_file_is_told_in_one_line(text: str, told: str, folder: Path) -> None:
    Path("x").write_text(text, encoding="latin-1")
    with pytest.raises(HostError, match=r"^x: ") as error:
        read_running("x")
    assert told in str(error.value)


def test_lines_of_no_known_shape_are_passed_over(folder: Path) -> None:
    odd = DUMP.replace(
        "   Priority = 150\n", "   Priority = many\n   = x\n   Advert interval = soon\n   :\n     y\n"
    )
    assert compared(dump=odd) == []


def test_nodes_take_it_and_show_tells_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (node,) = nodes_from(node_files(["a.conf"]), running=["keepalived.data"])
    assert node.running is not None
    assert node.running.instances["V"].state == "MASTER"
    Path("a.conf").write_text(CONF.replace("priority 150", "priority 99"), encoding="utf-8")
    assert main(["config", "show", "a.conf", "--running", "keepalived.data"]) == 0
    text = capsys.readouterr().out
    assert "  V was MASTER, effective priority 130\n" in text
    assert "  priority runs as 150, the file says 99" in text
    assert main(["config", "show", "a.conf", "--running", "a=keepalived.data", "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)["nodes"]
    assert answer["running"]["differences"] == [
        {
            "about": "vrrp_instance V",
            "option": "priority",
            "runs": "150",
            "written": "99",
            "file": "a.conf",
            "line": 18,
        }
    ]


REAL = """
set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
for pair in "d0 d1" "d2 d3"; do
    set -- $pair
    ip link add $1 type veth peer name $2
    ip link set $2 up
    ip link set $1 up
done
ip link set lo up
ip addr add 10.9.9.1/24 dev d0
ip addr add 10.9.8.1/24 dev d2
cat > /run/k.conf
keepalived -n -l --vrrp -f /run/k.conf -p /run/p1 -r /run/p2 > /run/log 2>&1 &
for _ in $(seq 50); do grep -q "STATE" /run/log && break; sleep 0.1; done
sleep 0.3
kill -USR1 $(cat /run/p2)
for _ in $(seq 30); do grep -q "Interfaces >" /tmp/keepalived.data && break; sleep 0.1; done
ip -j addr
echo
cat /tmp/keepalived.data
kill $(cat /run/p1)
wait
"""


def test_check_tells_both_the_findings_and_what_runs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = ["--running", "a=keepalived.data"]
    main(["config", "check", "a.conf", *running])
    same = " ".join(capsys.readouterr().out.split())
    assert "What a runs, as keepalived.data says, is what stands in its file." in same
    Path("a.conf").write_text(CONF.replace("priority 150", "priority 99"), encoding="utf-8")
    main(["config", "check", "a.conf", *running])
    text = " ".join(capsys.readouterr().out.split())
    assert "is what stands in its file" not in text
    assert (
        "V085 warning: runs otherwise than written a.conf:18 on a, vrrp_instance V: priority runs as" in text
    )
    main(["config", "check", "a.conf", *running, "--format", "json"])
    (node,) = json.loads(capsys.readouterr().out)["nodes"]
    assert [one["option"] for one in node["running"]["differences"]] == ["priority"]


def test_a_dump_of_a_later_keepalived_is_read(folder: Path) -> None:
    """2.4.3 has other lines beside those that are read, and masks passwords: its own dump, measured."""
    config = parse_text((DUMPS / "rich.conf").read_text("utf-8"), "rich.conf", host_id="rich", daemon="2.4.3")
    running = read_running(DUMPS / "rich-2.4.3.data")
    assert {name: one.state for name, one in running.instances.items()} == {
        "V": "BACKUP",
        "X": "BACKUP",
        "W": "MASTER",
    }
    assert running.instances["V"].effective_priority == 140
    assert differences(config, running) == []
    text = (DUMPS / "rich.conf").read_text("utf-8").replace("weight 10 reverse", "weight 11 reverse")
    text = text.replace("advert_int 0.05", "advert_int 0.1").replace("auth_pass secret", "auth_pass other")
    changed = parse_text(text, "rich.conf", host_id="rich", daemon="2.4.3")
    assert {str(one) for one in differences(changed, running)} == {
        "track_script chk runs as weight 10 reverse, the file says weight 11 reverse",
        "advert_int runs as 0.05 s, the file says 0.1 s",
    }


@pytest.mark.long
@pytest.mark.needs("keepalived", "ip", "unshare", "namespaces")
def test_a_real_daemon_runs_what_its_file_says(folder: Path) -> None:
    ran = subprocess.run(
        ["unshare", "-Urnmp", "--fork", "sh", "-c", REAL],
        input=CONF,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"},
    )
    assert ran.returncode == 0, ran.stderr
    addresses, _, dump = ran.stdout.partition("\n")
    Path("a.json").write_text(addresses, encoding="utf-8")
    Path("a.dump").write_text(dump.lstrip(), encoding="utf-8")
    (node,) = nodes_from(node_files(["a.conf"]), addresses=["a.json"], running=["a.dump"])
    assert node.addresses is not None
    assert node.addresses["d0"][0] == "10.9.9.1/24"
    assert node.running is not None
    assert set(node.running.instances) == {"V", "W", "U"}
    assert differences(node.config, node.running) == []
    changed = parse_text(
        CONF.replace("priority 150", "priority 149").replace("10.9.8.2", "10.9.8.3"), "a.conf"
    )
    assert {str(one) for one in differences(changed, node.running)} == {
        "priority runs as 150, the file says 149",
        "unicast_peer 10.9.8.3 is in the file and does not run",
        "unicast_peer 10.9.8.2 runs and is not in the file",
    }
