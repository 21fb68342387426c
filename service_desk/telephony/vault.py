"""The secrets of phone systems: they must be read again to check a signature."""

from service_desk.rest.vault import Vault

_vault = Vault(b"service desk: secrets of phone systems")
lock, unlock, in_force = _vault.lock, _vault.unlock, _vault.in_force
