"""The secrets of the notices' own webhooks: they must be read again to sign."""

from service_desk.rest.vault import Vault

_vault = Vault(b"service desk: secrets of channel addresses")
lock, unlock, in_force = _vault.lock, _vault.unlock, _vault.in_force
