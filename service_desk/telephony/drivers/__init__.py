"""The forms in which phone systems write, one file each; a new one is added to this list and to its shared test."""

from __future__ import annotations

from service_desk.telephony.drivers.asterisk import AsteriskDriver
from service_desk.telephony.drivers.base import Driver
from service_desk.telephony.drivers.freeswitch import FreeswitchDriver
from service_desk.telephony.drivers.generic_cti import GenericCtiDriver
from service_desk.telephony.drivers.native import NativeDriver

DRIVERS: dict[str, Driver] = {
    driver.kind: driver for driver in (NativeDriver(), GenericCtiDriver(), FreeswitchDriver(), AsteriskDriver())
}


def driver_of(kind: str) -> Driver:
    """Who reads deliveries of this kind of phone system."""
    return DRIVERS[kind]
