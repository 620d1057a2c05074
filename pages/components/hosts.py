"""The names under which the dashboard may be asked, besides this computer's own."""

from urllib.parse import urlsplit

from pages.components.sign_in import find_setup
from posecore import Settings
from posecore.errors import InvalidFieldError, SignInSetupError


def find_hosts() -> tuple[str, ...]:
    """Find them in ``POSECORE_HOSTS`` and in the address that providers send people back to.

    What cannot be read gives no name: the pages say what is wrong with it.
    """
    try:
        hosts = Settings.from_env().hosts
    except InvalidFieldError:
        hosts = ()
    try:
        setup = find_setup()
    except SignInSetupError:
        setup = None
    return (*hosts, urlsplit(setup.redirect_uri).netloc) if setup else hosts
