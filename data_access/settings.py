"""The settings: environment variables, read once into one typed object."""

import re
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from data_access.private_files import kept_private


class WrongSetting(Exception):
    """A setting cannot be used; the message names the variable and the mend."""


def _with_driver(url: str) -> str:
    """Names the psycopg2 driver: the bare scheme means another driver in SQLAlchemy 2.1."""
    if not url:
        return url
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError("not a database URL; write postgresql://user:password@host:5432/name") from error
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise ValueError("only PostgreSQL is supported; write postgresql://user:password@host:5432/name")
    return parsed.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


Port = Annotated[int, Field(ge=1, le=65535)]


def _parted(text: object) -> object:
    """ "8502, 8512" or "a b" as a list."""
    return text.replace(",", " ").split() if isinstance(text, str) else text


def _whep_template(url: str) -> str:
    if url and ("{camera}" not in url or not url.startswith(("http://", "https://"))):
        raise ValueError("write http://server:8889/{camera}/whep; {camera} becomes the camera's number")
    return url


def _ice_url(url: str) -> str:
    if re.fullmatch(r"(stuns?:[^?]+|turns?:[^?]+(\?transport=(udp|tcp))?)", url) is None:
        raise ValueError("write stun:host:port, turn:host:port or turn:host:port?transport=tcp")
    return url


def _archive_address(url: str) -> str:
    if url and not url.startswith(("/", "s3://")):
        raise ValueError("write an absolute folder, or s3://bucket/prefix?endpoint=https://host:9000")
    return url


MOST_ONLINE_DAYS = 3650


class Settings(BaseSettings):
    """All that can be set from outside. The README lists the same names."""

    model_config = SettingsConfigDict(case_sensitive=False, extra="ignore", frozen=True)

    home: Path = Field(Path("var"), validation_alias="MINGJING_HOME")
    database_url: Annotated[str, AfterValidator(_with_driver)] = Field("", validation_alias="DATABASE_URL")
    address: str = Field("127.0.0.1", validation_alias="MINGJING_ADDRESS")
    port: Port = Field(8501, validation_alias="PORT")
    # One gateway process a port; a camera always goes to the same one.
    gateway_ports: Annotated[tuple[Port, ...], NoDecode, BeforeValidator(_parted), Field(min_length=1)] = (
        Field((8502,), validation_alias="MINGJING_GATEWAY_PORT")
    )
    demo_port: Port = Field(8503, validation_alias="MINGJING_DEMO_PORT")
    demo: bool = Field(True, validation_alias="DEMO")
    # Browsers come by HTTPS, through a proxy in front of the web process: cookies are then for HTTPS only.
    https: bool = Field(False, validation_alias="MINGJING_HTTPS")
    segment_seconds: int = Field(60, ge=2, le=600, validation_alias="MINGJING_SEGMENT_SECONDS")
    online_days: int = Field(30, ge=1, le=MOST_ONLINE_DAYS, validation_alias="MINGJING_ONLINE_DAYS")

    # Another WHEP server (MediaMTX, SRS, ZLMediaKit) instead of the gateway.
    whep_url: Annotated[str, AfterValidator(_whep_template)] = Field("", validation_alias="MINGJING_WHEP_URL")
    # For browsers that do not reach this machine by UDP: stun:host:port, turn:host:port?transport=tcp.
    ice_servers: Annotated[
        tuple[Annotated[str, AfterValidator(_ice_url)], ...], NoDecode, BeforeValidator(_parted)
    ] = Field((), validation_alias="MINGJING_ICE_SERVERS")
    # The secret that the TURN server shares with us (coturn: use-auth-secret, static-auth-secret).
    turn_secret: SecretStr = Field(SecretStr(""), validation_alias="MINGJING_TURN_SECRET")
    # Cameras that a gateway process converts at the same time because browsers cannot play them as they are.
    transcodes: int = Field(2, ge=0, le=64, validation_alias="MINGJING_TRANSCODES")
    # Where alerts go: addresses as the package apprise writes them; may hold keys.
    alert_urls: SecretStr = Field(SecretStr(""), validation_alias="MINGJING_ALERT_URLS")
    disk_days: int = Field(3, ge=0, le=365, validation_alias="MINGJING_DISK_DAYS")

    # Where the segments lie; a disk of their own is best.
    footage: Path | None = Field(None, validation_alias="MINGJING_FOOTAGE")
    # Less free space than this (gigabytes of 10^9 bytes): the oldest footage beyond its days goes at once.
    reserve_gb: float = Field(2.0, ge=0, le=100_000, validation_alias="MINGJING_RESERVE_GB")
    # Where whole sessions are copied to for the years: a folder, or S3-compatible storage.
    archive_url: Annotated[str, AfterValidator(_archive_address)] = Field(
        "", validation_alias="MINGJING_ARCHIVE"
    )
    archive_key: str = Field("", validation_alias="MINGJING_ARCHIVE_KEY")
    archive_secret: SecretStr = Field(SecretStr(""), validation_alias="MINGJING_ARCHIVE_SECRET")
    archive_years: int = Field(15, ge=1, le=100, validation_alias="MINGJING_ARCHIVE_YEARS")

    def gateway_port_of(self, camera_id: int) -> int:
        """The port of the gateway process that serves a camera."""
        return self.gateway_ports[camera_id % len(self.gateway_ports)]

    @property
    def local_url(self) -> str:
        """Where the web process answers on this machine."""
        host = "127.0.0.1" if self.address in {"0.0.0.0", "::"} else self.address  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def footage_folder(self) -> Path:
        """Where the segments lie; the database keeps paths relative to it."""
        return self.footage or self.home / "footage"

    @property
    def exports_folder(self) -> Path:
        """Where built evidence packages lie."""
        return self.home / "exports"

    @property
    def postgres_folder(self) -> Path:
        """The embedded server's data folder."""
        return self.home / "postgres"

    @property
    def demo_accounts_file(self) -> Path:
        """The accounts made at the first start, one `name password role` a line, mode 0600."""
        return self.home / "demo-accounts.txt"

    def gateway_key(self) -> str:
        """The secret that web and gateway share; made on first use, kept in the home folder, mode 0600."""
        return kept_private(self.home / "gateway-key", secrets.token_urlsafe(32))


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process.

    Raises:
        WrongSetting: a variable cannot be used; the message names it.
    """
    try:
        found = Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise WrongSetting(
            f"环境变量 {name} 的值不可用 / setting {name}={first.get('input')!r} "
            f"cannot be used: {first['msg']}"
        ) from error
    ports = [found.port, *found.gateway_ports, found.demo_port]
    if len(set(ports)) < len(ports):
        raise WrongSetting(
            "端口重复 / two processes have the same port, give each its own: "
            f"PORT={found.port} MINGJING_GATEWAY_PORT={','.join(map(str, found.gateway_ports))} "
            f"MINGJING_DEMO_PORT={found.demo_port}"
        )
    if any(url.startswith("turn") for url in found.ice_servers) and not found.turn_secret.get_secret_value():
        raise WrongSetting(
            "TURN 服务器需要共享密钥 / a TURN server needs the secret that it shares with us "
            "(coturn: static-auth-secret): set MINGJING_TURN_SECRET"
        )
    folders = {"home": found.home, "footage": found.footage}
    absolute = {name: folder and folder.expanduser().resolve() for name, folder in folders.items()}
    return found.model_copy(update=absolute)
