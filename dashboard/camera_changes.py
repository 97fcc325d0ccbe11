"""Adding, changing, disabling and removing cameras, each with its entry in the audit log."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from data_access import audit, cameras
from data_access.cameras import CameraRow
from data_access.engine import transaction
from domain.vocabulary import RecordingPolicy, Role
from media.camera import StreamFacts, redacted

MANAGERS = frozenset({Role.ADMINISTRATOR, Role.STAFF})


def add(
    *,
    actor: str,
    room: str,
    room_type: str | None,
    name: str,
    url: str,
    sub_url: str | None,
    facts: StreamFacts | None,
    recording_policy: RecordingPolicy = RecordingPolicy.ALWAYS,
) -> CameraRow:
    """Adds a camera to the room of that name, which is made with `room_type` when there is none.

    Args:
        facts: of the main stream; None: the probe has failed.

    Raises:
        NameTaken: the name belongs to another camera.
    """
    known = {} if facts is None else asdict(facts)
    known.pop("bits_per_second", None)
    with transaction() as session:
        found = cameras.room_named(session, room)
        if found is None:
            assert room_type is not None
            found = cameras.add_room(session, room, room_type)
        added = cameras.add(
            session,
            room_id=found.id,
            name=name,
            url=url,
            sub_url=sub_url,
            at=datetime.now(UTC),
            recording_policy=recording_policy,
            **known,
        )
        detail = {"room": found.name, "url": redacted(url), "record": recording_policy.value}
        audit.record(session, actor=actor, action="camera_add", subject=name, detail=detail)
    return added


def switch(camera: CameraRow, *, actor: str, enabled: bool) -> None:
    """Enables or disables a camera."""
    with transaction() as session:
        cameras.switch(session, camera.id, enabled=enabled)
        action = "camera_enable" if enabled else "camera_disable"
        audit.record(session, actor=actor, action=action, subject=camera.name)


def change_recording(camera: CameraRow, *, actor: str, policy: RecordingPolicy) -> None:
    """Records a camera always, or around the sessions of its room only."""
    with transaction() as session:
        cameras.change_recording(session, camera.id, policy)
        detail = {"record": policy.value}
        audit.record(session, actor=actor, action="camera_recording", subject=camera.name, detail=detail)


def keep_for(camera: CameraRow, *, actor: str, days: int | None) -> None:
    """Keeps the camera's footage for so many days; None: as long as the installation does."""
    with transaction() as session:
        cameras.keep_for(session, camera.id, days)
        detail = {"days": days, "before": camera.online_days}
        audit.record(session, actor=actor, action="camera_days", subject=camera.name, detail=detail)


def remove(name: str, *, actor: str) -> CameraRow | None:
    """Takes a camera out of service; its footage stays until it expires. None: there is none such."""
    with transaction() as session:
        removed = cameras.remove(session, name, datetime.now(UTC))
        if removed is not None:
            audit.record(session, actor=actor, action="camera_remove", subject=name)
    return removed


def note_still(room: str, url: str, *, actor: str) -> None:
    """Notes that a picture of a room was looked at while its camera was installed."""
    with transaction() as session:
        detail = {"room": room}
        audit.record(session, actor=actor, action="camera_still", subject=redacted(url), detail=detail)
