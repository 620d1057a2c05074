"""Settings, 'Phone as camera': the code to scan or type, and the devices that are paired."""

from html import escape

import segno
import streamlit as st

from pages.components.database import open_database
from pages.components.devices import find_device, unpair
from pages.components.lan import DESK, HOW_TO, PRESS, WARNING, Lan, find_lan
from pages.components.sign_in import needs_sign_in
from pages.components.text import plain
from pages.components.words import as_date
from posecore.errors import PoseCoreError
from posecore.pairing import is_this_computer
from posecore.storage.device_store import PairedDevice


def show_phone_settings() -> None:
    """Show how a phone becomes the camera."""
    try:
        lan = find_lan()
    except PoseCoreError as error:
        st.error(plain(str(error)))
        return
    if lan is None:
        _explain_start()
    elif may_pair():
        if lan.problem:
            st.warning(lan.problem, icon=":material/wifi_off:")
        _show_pairing(lan)
        with st.expander("What the browser will say", icon=":material/shield:"):
            _explain_warning(lan)
    else:
        st.caption(
            "Devices are paired and unpaired at the computer that runs posecore; ask whoever has "
            "it in front of them."
        )


def may_pair() -> bool:
    """Whether whoever looks may let devices in: at the computer itself, or where it is one's own.

    A device that is paired sees this too, where nobody signs in: it sees everything else as well.
    """
    if not needs_sign_in():
        return True
    names = [name.lower().encode("latin-1", "replace") for name in st.context.headers]
    # Streamlit gives no address for this computer's own.
    return is_this_computer(st.context.ip_address or "127.0.0.1", names)


def _explain_start() -> None:
    st.markdown(
        "A phone in the same network can film, with nothing to install: end posecore, and start it "
        "again with"
    )
    st.code(HOW_TO, language=None)
    st.caption(
        "It then answers in this network as well, encrypted, and asks each device once for a code "
        "that is shown here."
    )


@st.fragment(run_every=3.0)
def _show_pairing(lan: Lan) -> None:
    """Show the code and the devices as they are now: the code changes after wrong tries."""
    if not lan.problem:
        _show_code(lan)
    _show_devices()


def _show_code(lan: Lan) -> None:
    code = DESK.code
    picture, words = st.columns([2, 5], gap="medium")
    with picture:
        st.html(_make_qr_code(lan, code))
    with words:
        st.markdown("Scan this with the phone's camera, or open there")
        st.code("\n".join(f"{url}phone" for url in lan.urls), language=None)
        st.markdown("and type the pairing code")
        st.html(f'<div class="pairing-code" data-testid="pairing-code">{code}</div>')
        st.button(
            "New code", on_click=DESK.renew, help="The old one is void then; devices stay paired."
        )


def _make_qr_code(lan: Lan, code: str) -> str:
    """Draw the address with the code behind ``#``, which a browser sends to nobody.

    As part of the page: a picture of its own would have an address of its own.
    """
    address = f"{lan.urls[0]}phone#code={code.replace('-', '')}"
    picture = segno.make(address, error="m", micro=False).png_data_uri(scale=6, border=3)
    alt = f"QR code that opens {lan.urls[0]}phone"
    return f'<img class="qr-code" data-testid="qr-code" alt="{escape(alt)}" src="{picture}">'


def _show_devices() -> None:
    devices, own = open_database().devices.list(), find_device()
    if not devices:
        st.caption("No device is paired yet.")
    for device in devices:
        _show_device(device, is_own=own is not None and own.id == device.id)


def _show_device(device: PairedDevice, *, is_own: bool) -> None:
    with st.container(border=True, key=f"row_device_{device.id}", gap="xsmall"):
        facts, buttons = st.columns([7, 3], vertical_alignment="center")
        with facts:
            st.markdown(f"**{plain(device.name)}**{' :blue-badge[this device]' * is_own}")
            st.caption(
                f"paired {as_date(device.paired_at)} · last seen {as_date(device.last_seen_at)}"
            )
        with (
            buttons,
            st.container(horizontal=True, horizontal_alignment="right"),
            st.popover("Unpair"),
        ):
            st.markdown(
                "It is shut out at once: its pages close, its camera stops, and it must show a "
                "code to come back. What it recorded stays."
            )
            st.button(
                "Unpair this device",
                type="primary",
                key=f"unpair_{device.id}",
                on_click=_unpair,
                args=[device],
            )


def _unpair(device: PairedDevice) -> None:
    try:
        unpair(device.id)
    except PoseCoreError as error:
        st.toast(plain(str(error)))


def _explain_warning(lan: Lan) -> None:
    st.markdown(WARNING)
    st.markdown("\n".join(f"- **{browser}**: {press}." for browser, press in PRESS))
    st.caption("Fingerprint (SHA-256)")
    st.code(lan.certificate.fingerprint, language=None, wrap_lines=True)
