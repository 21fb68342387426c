"""The secrets of endpoints: they must be read again to sign."""

from service_desk.rest.vault import Vault

_vault = Vault(b"service desk: secrets of webhook endpoints")
lock, unlock, in_force = _vault.lock, _vault.unlock, _vault.in_force
