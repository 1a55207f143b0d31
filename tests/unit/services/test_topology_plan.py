"""What a topology consists of, and how it is told to the supervisor."""

from __future__ import annotations

from pathlib import Path

import pytest
from supervisor.datatypes import RestartUnconditionally
from supervisor.options import ServerOptions

from pricetime import cli
from pricetime.errors import SettingError, TopologyFailed
from pricetime.services.topology.certs import NAMES
from pricetime.services.topology.definitions import rabbit_definitions
from pricetime.services.topology.plan import (
    SERVICES,
    Instance,
    Layout,
    Servers,
    environment_of,
    scale_of,
)
from pricetime.services.topology.ports import free_ports, is_free
from pricetime.services.topology.supervision import Supervised, write_supervisor
from pricetime.settings import Settings, load

SERVERS = Servers("mongodb://127.0.0.1:1", "rediss://127.0.0.1:2", "amqps://127.0.0.1:3")


def program(**how) -> Supervised:
    return Supervised(
        **{"name": "orders-1", "command": ("true",), "environment": {}, "folder": Path("/"), **how}
    )


def read_by_supervisor(tmp_path: Path, *programs: Supervised) -> dict[str, object]:
    """Return the programs as supervisord itself reads them."""
    layout = Layout(tmp_path)
    layout.logs.mkdir()
    write_supervisor(layout, programs, Settings())
    options = ServerOptions()
    options.realize(["-c", str(layout.supervisor)])
    return {each.name: each for group in options.process_group_configs for each in group.process_configs}


def test_two_of_orders_and_engine_and_one_of_all_else_run_unless_told_otherwise():
    assert scale_of({}) == {**dict.fromkeys(SERVICES, 1), "orders": 2, "engine": 2}
    assert scale_of({"engine": 5, "auth": 0}) == {**scale_of({}), "engine": 5, "auth": 0}


@pytest.mark.parametrize("wanted", [{"orderz": 1}, {"orders": 65}])
def test_a_wrong_scale_is_refused(wanted):
    with pytest.raises(SettingError, match="scale"):
        scale_of(wanted)


def test_a_process_gets_what_was_chosen_and_what_the_topology_decides():
    settings = load({"bcrypt_cost": 4, "port": 9_000, "trusted_proxies": "10.0.0.0/8"}, environment={})
    given = environment_of(Instance("orders", 2, 7_002), settings, Layout(Path("/data")), SERVERS)
    read = load(environment=given)
    assert (read.bcrypt_cost, read.port, read.instance) == (4, 7_002, "orders-2")
    assert (read.host, read.trusted_proxies, read.certs) == ("127.0.0.1", "127.0.0.1", "/data/certs")
    assert (read.mongo_url, read.redis_url, read.rabbit_url) == (
        SERVERS.mongo_url,
        SERVERS.redis_url,
        SERVERS.rabbit_url,
    )


def test_a_socket_of_a_deep_folder_is_elsewhere_and_its_own(tmp_path: Path):
    shallow, deep = Layout(Path("/data")), Layout(Path("/" + "d" * 100))
    assert shallow.socket == Path("/data/supervisor.sock")
    assert len(str(deep.socket)) < 90
    assert deep.socket != Layout(Path("/" + "e" * 100)).socket


def test_the_supervisor_reads_what_was_written(tmp_path: Path):
    environment = {"A": "100% 'sure',#1", "B": 'say "yes";no', "C": "back\\slash", "D": ""}
    read = read_by_supervisor(
        tmp_path,
        program(command=("/bin/echo", "two words", "100%", "it's"), environment=environment, signal="QUIT"),
        program(name="nginx", splits_errors=True),
    )
    assert read["orders-1"].environment == environment
    assert read["orders-1"].command == """/bin/echo 'two words' 100% 'it'"'"'s'"""
    assert read["orders-1"].stopwaitsecs == Settings().stop_timeout_s
    assert (read["orders-1"].autostart, read["orders-1"].autorestart) == (False, RestartUnconditionally)
    assert read["orders-1"].stdout_logfile == str(tmp_path / "logs" / "orders-1.log")
    assert read["orders-1"].stdout_logfile_maxbytes == Settings().log_bytes
    assert read["nginx"].stderr_logfile == str(tmp_path / "logs" / "nginx-errors.log")


@pytest.mark.parametrize("value", ["\"'", "a # b", "a\nb"])
def test_a_value_that_the_supervisor_cannot_be_told_is_refused(tmp_path: Path, value: str):
    with pytest.raises(TopologyFailed, match="cannot be told"):
        write_supervisor(Layout(tmp_path), [program(environment={"A": value})], Settings())


def test_free_ports_are_free_and_not_those_of_outgoing_connections():
    ports = free_ports(40)
    assert len(set(ports)) == 40
    assert all(map(is_free, ports))
    first, _ = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    assert max(ports) < int(first)


def test_users_of_rabbitmq_are_names_of_certificates():
    definitions = rabbit_definitions(Settings())
    assert {each["name"] for each in definitions["users"]} <= set(NAMES)
    assert not any(each["password_hash"] for each in definitions["users"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["up", "engine=2"], "--scale"),
        (["up", "--scale", "engine"], "SERVICE=COUNT"),
        (["up", "--port", "70000"], "70000"),
    ],
)
def test_a_mistyped_up_exits_2(arguments, said, capsys):
    assert cli.execute(arguments) == 2
    assert said in capsys.readouterr().err


def test_there_is_nothing_to_end_where_there_is_no_folder(tmp_path: Path, capsys):
    assert cli.execute(["down", "--data", str(tmp_path / "none")]) == 1
    assert "There is no venue" in capsys.readouterr().err
