"""Pairing: the code, what wrong ones cost, and the devices that are known from then on."""

import threading
from datetime import timedelta

import pytest

from posecore.errors import (
    DeviceNotFoundError,
    InvalidFieldError,
    TooManyRequestsError,
    WrongPairingCodeError,
)
from posecore.pairing import (
    ALPHABET,
    FIRST_WAIT_S,
    LONGEST_WAIT_S,
    MAX_WRONG,
    TRIES,
    WINDOW_S,
    PairingDesk,
    find_place,
    find_wait_s,
    is_this_computer,
    make_code,
    name_device,
)
from posecore.storage import clock, device_store
from posecore.storage.secret_text import hash_secret

PHONE, LAPTOP = "192.168.1.30", "192.168.1.31"


class Clock:
    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def time():
    return Clock()


@pytest.fixture
def desk(time):
    return PairingDesk(time)


def make_wrong(desk):
    first = desk.code[0]
    return ("A" if first != "A" else "B") + desk.code[1:]


def type_wrong(desk, address=PHONE, times=1):
    """Type wrong codes; gives the last answer."""
    for _ in range(times):
        with pytest.raises((WrongPairingCodeError, TooManyRequestsError)) as caught:
            desk.check(make_wrong(desk), address)
    return caught.value


def test_the_code_is_taken_however_people_type_it(desk):
    code = desk.code
    for text in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' - ')} "):
        desk.check(text, PHONE)


def test_codes_are_of_letters_that_look_like_no_other_and_differ():
    codes = {make_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == 8 and set(code) <= set(ALPHABET) for code in codes)
    assert not set("IO01") & set(ALPHABET)
    assert PairingDesk().code != PairingDesk().code


def test_a_wrong_code_says_how_many_tries_are_left(desk):
    assert "4 tries are left" in str(type_wrong(desk))
    assert "1 try is left" in str(type_wrong(desk, times=3))


def test_nothing_at_all_is_a_wrong_code(desk):
    for text in ("", "-", " ", "\x00", "A" * 10_000, "\udcff", "ÄÖÜ"):
        desk.renew()
        with pytest.raises((WrongPairingCodeError, TooManyRequestsError)):
            desk.check(text, f"10.0.0.{len(text) % 250}")


def test_five_wrong_codes_make_the_device_wait_and_the_code_another(desk, time):
    first = desk.code
    said = type_wrong(desk, times=TRIES)
    assert isinstance(said, TooManyRequestsError)
    assert said.retry_after_s == FIRST_WAIT_S
    assert desk.code != first
    with pytest.raises(TooManyRequestsError, match="wait 30 s"):
        desk.check(desk.code, PHONE)  # even the right one is not looked at
    time.now_s += FIRST_WAIT_S
    with pytest.raises(TooManyRequestsError):
        desk.check(first, PHONE)  # the old one is worth nothing
    time.now_s += 2 * FIRST_WAIT_S
    desk.check(desk.code, PHONE)


def test_whoever_shows_the_code_is_told_each_new_one():
    told = []
    desk = PairingDesk(tell=told.append)
    type_wrong(desk, times=TRIES)
    desk.renew()
    assert told[-1] == desk.code
    assert len(set(told)) == 2


def test_other_devices_are_not_held_up(desk):
    type_wrong(desk, times=TRIES)
    desk.check(desk.code, LAPTOP)


def test_each_further_wrong_code_doubles_the_wait_up_to_an_hour(desk, time):
    waits = [type_wrong(desk, times=TRIES).retry_after_s]
    for _ in range(9):
        time.now_s += waits[-1]
        waits.append(type_wrong(desk).retry_after_s)
    assert waits[:4] == [30.0, 60.0, 120.0, 240.0]
    assert waits[-1] == LONGEST_WAIT_S == find_wait_s(10_000)


def test_the_right_code_forgives_and_so_does_a_day(desk, time):
    type_wrong(desk, times=TRIES - 1)
    desk.check(desk.code, PHONE)
    assert "4 tries are left" in str(type_wrong(desk))
    type_wrong(desk, times=3)
    time.now_s += 86401
    assert "4 tries are left" in str(type_wrong(desk))


def test_a_device_with_many_addresses_meets_the_limit_for_all(desk, time):
    for number in range(MAX_WRONG):
        type_wrong(desk, address=f"10.0.{number // 250}.{number % 250}")
        time.now_s += 1.0
    with pytest.raises(TooManyRequestsError, match="nobody can pair for now"):
        desk.check(desk.code, LAPTOP)
    time.now_s += WINDOW_S
    desk.check(desk.code, LAPTOP)


def test_who_stands_at_the_computer_can_let_people_pair_again(desk):
    for number in range(MAX_WRONG):
        type_wrong(desk, address=f"10.0.0.{number}")
    with pytest.raises(TooManyRequestsError):
        desk.check(desk.code, LAPTOP)
    desk.renew()
    desk.check(desk.code, LAPTOP)


def test_an_ipv6_device_cannot_change_its_address_to_try_on(desk):
    for number in range(TRIES):
        type_wrong(desk, address=f"fd00::1:{number}")
    with pytest.raises(TooManyRequestsError):
        desk.check(desk.code, "fd00::2:99")
    assert find_place("fd00:0:0:1::5") == "fd00:0:0:1::/64"
    assert find_place("::ffff:192.168.1.30") == find_place(PHONE) == PHONE


def test_many_at_once_do_not_get_more_tries(desk):
    answers = []

    def try_some():
        for _ in range(20):
            try:
                desk.check("WRONGONE", PHONE)
            except (WrongPairingCodeError, TooManyRequestsError) as error:
                answers.append(type(error))

    threads = [threading.Thread(target=try_some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(WrongPairingCodeError) == TRIES - 1
    assert len(answers) == 160


@pytest.mark.parametrize(
    ("address", "headers", "is_own"),
    [
        ("127.0.0.1", [b"host"], True),
        ("::1", [], True),
        ("::ffff:127.0.0.1", [], True),
        ("127.0.0.2", [], False),
        ("192.168.1.30", [], False),
        ("fd00::1", [], False),
        ("localhost", [], False),
        ("", [], False),
        (None, [], False),
        ("127.0.0.1", [b"x-forwarded-for"], False),
        ("127.0.0.1", [b"host", b"forwarded"], False),
        ("127.0.0.1", [b"host", b"via"], False),
        ("127.0.0.1", [b"x-real-ip"], False),
        ("127.0.0.1", [b"x-forwarded-proto"], False),
        ("127.0.0.1", [b"host", b"user-agent"], True),
    ],
)
def test_only_this_computer_itself_speaking_for_itself_is_this_computer(address, headers, is_own):
    assert is_this_computer(address, headers) is is_own


IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)
PIXEL = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Mobile Safari/537.36"
)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (IPHONE, "iPhone, Safari"),
        (PIXEL, "Android phone, Chrome"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", None),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Windows computer, Edge"),
        ("<script>alert(1)</script>", "Device"),
        ("", "Device"),
    ],
)
def test_a_device_is_called_what_its_browser_says_it_is(user_agent, name):
    assert name_device(user_agent) == (name or "Linux computer, Firefox")


# ---------------------------------------------------------------- devices


def test_a_paired_device_is_known_by_its_secret_and_by_nothing_else(store):
    device, secret = store.devices.pair("iPhone, Safari")
    assert store.devices.recognise(secret) == device
    for other in ("", secret[:-1], secret + "A", secret.swapcase(), hash_secret(secret), None):
        assert store.devices.recognise(other) is None
    assert store.devices.list() == [device]
    assert store.for_owner("somebody").devices.list() == [device]


def test_the_database_holds_no_secret(store, settings):
    _, secret = store.devices.pair("iPhone")
    store.close()
    assert secret.encode() not in settings.database.read_bytes()


def test_an_unpaired_device_is_unknown_at_once_and_rights_are_less(store):
    device, secret = store.devices.pair("iPhone")
    other, other_secret = store.devices.pair("Pixel")
    version = store.rights_version
    store.devices.unpair(device.id)
    assert store.devices.recognise(secret) is None
    assert store.devices.recognise(other_secret) == other
    assert store.rights_version != version
    for unknown in (device.id, "x", "'; DROP TABLE paired_devices; --"):
        with pytest.raises(DeviceNotFoundError):
            store.devices.unpair(unknown)
    assert [each.id for each in store.devices.list()] == [other.id]


def test_when_a_device_was_last_seen_is_noted_once_a_minute(store, monkeypatch):
    device, secret = store.devices.pair("iPhone")
    begin = device.last_seen_at.replace(tzinfo=None)
    for seconds, is_noted in ((30, False), (90, True)):
        moment = begin + timedelta(seconds=seconds)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        store.devices.recognise(secret)
        [seen] = store.devices.list()
        assert (seen.last_seen_at > device.last_seen_at) is is_noted


def test_hostile_names_are_one_short_line_and_devices_have_a_limit(store, monkeypatch):
    device, _ = store.devices.pair("a\nb\x00\u202ec" + "d" * 500)
    assert device.name.startswith("a b c")
    assert len(device.name) <= 100
    assert store.devices.pair(" \n ")[0].name == "Device"
    monkeypatch.setattr(device_store, "MAX_DEVICES", 2)
    with pytest.raises(InvalidFieldError, match="unpair one"):
        store.devices.pair("one too many")
