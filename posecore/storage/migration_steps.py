"""The steps of the database's shape: append-only, so never edit one that was released."""

from collections.abc import Callable

import duckdb

from posecore.topology import LANDMARK_NAMES

Migration = Callable[[duckdb.DuckDBPyConnection], None]


def m001_sessions_and_frames(cursor: duckdb.DuckDBPyConnection) -> None:
    """Sessions, their frames, and a tidy view of the landmarks for people who write SQL."""
    _create_sessions(cursor)
    _create_frames(cursor)
    _create_landmarks(cursor)


def _create_sessions(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(_make_sessions_sql("'live', 'video', 'stream', 'sample'"))


def _make_sessions_sql(sources: str) -> str:
    return f"""
        CREATE TABLE sessions (
            id UUID PRIMARY KEY,
            name VARCHAR NOT NULL,
            description VARCHAR NOT NULL,
            owner VARCHAR NOT NULL,
            athlete VARCHAR NOT NULL,
            tags VARCHAR[] NOT NULL,
            source VARCHAR NOT NULL CHECK (source IN ({sources})),
            status VARCHAR NOT NULL
                CHECK (status IN ('recording', 'processing', 'completed', 'failed')),
            status_reason VARCHAR NOT NULL,
            created_at TIMESTAMP NOT NULL,
            duration_s DOUBLE NOT NULL,
            frame_count INTEGER NOT NULL,
            detected_count INTEGER NOT NULL,
            dropped_count INTEGER NOT NULL,
            fps DOUBLE,
            image_width INTEGER,
            image_height INTEGER,
            model VARCHAR NOT NULL,
            video_path VARCHAR,
            recovered BOOLEAN NOT NULL
        )
        """


def _create_frames(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(
        """
        CREATE TABLE frames (
            session_id UUID NOT NULL,
            frame_number INTEGER NOT NULL,
            time_s DOUBLE NOT NULL,
            image_landmarks FLOAT[99],
            world_landmarks FLOAT[99],
            visibility FLOAT[33],
            presence FLOAT[33],
            UNIQUE (session_id, frame_number)
        )
        """
    )


def _create_landmarks(cursor: duckdb.DuckDBPyConnection) -> None:
    names = ", ".join(f"'{name}'" for name in LANDMARK_NAMES)
    cursor.execute(
        f"""
        CREATE VIEW landmarks AS
        SELECT
            session_id, frame_number, time_s,
            ([{names}])[landmark] AS landmark,
            image_landmarks[3 * landmark - 2] AS image_x,
            image_landmarks[3 * landmark - 1] AS image_y,
            image_landmarks[3 * landmark] AS image_z,
            world_landmarks[3 * landmark - 2] AS world_x_m,
            world_landmarks[3 * landmark - 1] AS world_y_m,
            world_landmarks[3 * landmark] AS world_z_m,
            visibility[landmark] AS visibility,
            presence[landmark] AS presence
        FROM frames CROSS JOIN (SELECT unnest(range(1, 34)) AS landmark)
        """
    )


def m002_preferences(cursor: duckdb.DuckDBPyConnection) -> None:
    """What each owner chose on the Settings page."""
    cursor.execute(
        """
        CREATE TABLE preferences (
            owner VARCHAR NOT NULL,
            key VARCHAR NOT NULL,
            value VARCHAR NOT NULL,
            PRIMARY KEY (owner, key)
        )
        """
    )


def m003_notes(cursor: duckdb.DuckDBPyConnection) -> None:
    """Words at a moment of a session, or over a stretch of it."""
    cursor.execute(
        """
        CREATE TABLE notes (
            id UUID PRIMARY KEY,
            session_id UUID NOT NULL,
            start_s DOUBLE NOT NULL,
            end_s DOUBLE,
            text VARCHAR NOT NULL,
            tag VARCHAR NOT NULL,
            created_at TIMESTAMP NOT NULL
        )
        """
    )


def m004_processed(cursor: duckdb.DuckDBPyConnection) -> None:
    """What was computed of a recording, with the steps that led there; made again at will.

    A result has an id of its own, so that whoever reads one never gets frames of the next.
    """
    cursor.execute(
        """
        CREATE TABLE processed (
            id UUID PRIMARY KEY,
            session_id UUID NOT NULL,
            processing VARCHAR NOT NULL,
            version VARCHAR NOT NULL,
            frame_count INTEGER NOT NULL,
            steps VARCHAR NOT NULL
        )
        """
    )
    cursor.execute(
        """
        CREATE TABLE processed_frames (
            id UUID NOT NULL,
            frame_number INTEGER NOT NULL,
            time_s DOUBLE NOT NULL,
            image_landmarks FLOAT[99],
            world_landmarks FLOAT[99],
            visibility FLOAT[33],
            presence FLOAT[33]
        )
        """
    )


def m005_sessions_from_files(cursor: duckdb.DuckDBPyConnection) -> None:
    """The source 'file': landmarks that another program measured, which no model of ours saw."""
    # DuckDB cannot change a CHECK, so the table is made anew around its rows.
    cursor.execute("CREATE TEMP TABLE sessions_before AS FROM sessions")
    cursor.execute("DROP TABLE sessions")
    cursor.execute(_make_sessions_sql("'live', 'video', 'stream', 'sample', 'file'"))
    cursor.execute("INSERT INTO sessions BY NAME FROM sessions_before")
    cursor.execute("DROP TABLE sessions_before")


_READ_ON_SIDES = (
    *("elbow_flexion", "shoulder_elevation", "hip_flexion", "knee_flexion"),
    *("shoulder_flexion", "shoulder_abduction", "wrist_flexion"),
    *("hip_abduction", "ankle_dorsiflexion", "foot_inclination", "shank_inclination"),
    *("thigh_inclination", "upper_arm_inclination", "forearm_inclination", "hand_above_head"),
)
_READ_IN_MIDDLE = (
    *("neck_flexion", "neck_lateral_flexion", "trunk_lean", "trunk_lean_forward"),
    *("trunk_lean_sideways", "trunk_twist", "trunk_inclination", "pelvis_obliquity"),
    *("hip_speed", "posture_speed"),
)


def m006_readings(cursor: duckdb.DuckDBPyConnection) -> None:
    """Angles and other signals of each frame, to search in; made again at will.

    An angle or signal that comes later brings a column in a step of its own.
    """
    names = [f"{side}_{name}" for name in _READ_ON_SIDES for side in ("left", "right")]
    cursor.execute(
        """
        CREATE TABLE readings (
            session_id UUID NOT NULL,
            version VARCHAR NOT NULL,
            frame_count INTEGER NOT NULL
        )
        """
    )
    signals = ", ".join(f"{name} SMALLINT" for name in (*names, *_READ_IN_MIDDLE))
    cursor.execute(
        "CREATE TABLE reading_frames ("
        f"session_id UUID NOT NULL, place INTEGER NOT NULL, time_s DOUBLE NOT NULL, {signals})"
    )


def m007_metrics_and_references(cursor: duckdb.DuckDBPyConnection) -> None:
    """Numbers of each session, made again at will; and which session is an athlete's reference."""
    cursor.execute(
        """
        CREATE TABLE session_metrics (
            session_id UUID NOT NULL,
            processing VARCHAR NOT NULL,
            version VARCHAR NOT NULL,
            thresholds VARCHAR NOT NULL,
            frame_count INTEGER NOT NULL,
            numbers MAP(VARCHAR, DOUBLE) NOT NULL,
            reasons MAP(VARCHAR, VARCHAR) NOT NULL
        )
        """
    )
    cursor.execute(
        """
        CREATE TABLE session_references (
            owner VARCHAR NOT NULL,
            athlete VARCHAR NOT NULL,
            tag VARCHAR NOT NULL,
            session_id UUID NOT NULL,
            PRIMARY KEY (owner, athlete, tag)
        )
        """
    )


def m008_people_shares_tokens_audit(cursor: duckdb.DuckDBPyConnection) -> None:
    """Who signs in, what they share, what their programs may do, and who did what.

    Of secrets only the SHA-256 is kept: whoever reads the file cannot use them.
    """
    cursor.execute(
        """
        CREATE TABLE people (
            owner VARCHAR PRIMARY KEY,
            name VARCHAR NOT NULL,
            email VARCHAR NOT NULL,
            first_seen_at TIMESTAMP NOT NULL,
            last_seen_at TIMESTAMP NOT NULL
        )
        """
    )
    cursor.execute(
        """
        CREATE TABLE shares (
            id UUID PRIMARY KEY,
            owner VARCHAR NOT NULL,
            athlete VARCHAR NOT NULL CHECK (athlete <> ''),
            granted VARCHAR NOT NULL CHECK (granted IN ('read', 'annotate')),
            secret_sha256 VARCHAR NOT NULL,
            created_at TIMESTAMP NOT NULL,
            accept_until TIMESTAMP NOT NULL,
            ends_at TIMESTAMP,
            accepted_by VARCHAR CHECK (accepted_by <> owner),
            accepted_at TIMESTAMP
        )
        """
    )
    cursor.execute(
        """
        CREATE TABLE api_tokens (
            id UUID PRIMARY KEY,
            owner VARCHAR NOT NULL,
            name VARCHAR NOT NULL,
            scopes VARCHAR NOT NULL,
            secret_sha256 VARCHAR NOT NULL,
            created_at TIMESTAMP NOT NULL,
            expires_at TIMESTAMP NOT NULL,
            last_used_at TIMESTAMP
        )
        """
    )
    _create_audit(cursor)


def _create_audit(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(
        """
        CREATE TABLE audit (
            owner VARCHAR NOT NULL,
            number BIGINT NOT NULL,
            happened_at TIMESTAMP NOT NULL,
            actor VARCHAR NOT NULL,
            action VARCHAR NOT NULL,
            session_id UUID,
            session_name VARCHAR NOT NULL,
            detail VARCHAR NOT NULL
        )
        """
    )


def m009_authors_of_notes(cursor: duckdb.DuckDBPyConnection) -> None:
    """Who wrote a note; those from before can only be of their session's owner."""
    cursor.execute("ALTER TABLE notes ADD COLUMN author VARCHAR DEFAULT ''")
    cursor.execute(
        "UPDATE notes SET author = sessions.owner FROM sessions "
        "WHERE sessions.id = notes.session_id"
    )


def m010_goals(cursor: duckdb.DuckDBPyConnection) -> None:
    """Goals a session was recorded with; what was reached is NULL until it is stopped."""
    cursor.execute(
        """
        CREATE TABLE goals (
            session_id UUID NOT NULL,
            number INTEGER NOT NULL,
            angle VARCHAR NOT NULL,
            kind VARCHAR NOT NULL,
            low_deg DOUBLE,
            high_deg DOUBLE,
            n_repetitions INTEGER,
            in_zone_s DOUBLE,
            seen_s DOUBLE,
            best_deg DOUBLE
        )
        """
    )


def m011_paired_devices(cursor: duckdb.DuckDBPyConnection) -> None:
    """Devices that may come in from the network, by the hash of what they show."""
    cursor.execute(
        """
        CREATE TABLE paired_devices (
            id UUID PRIMARY KEY,
            name VARCHAR NOT NULL,
            secret_sha256 VARCHAR NOT NULL UNIQUE,
            paired_at TIMESTAMP NOT NULL,
            last_seen_at TIMESTAMP NOT NULL
        )
        """
    )


def m012_tracks(cursor: duckdb.DuckDBPyConnection) -> None:
    """Which sessions were filmed at once, and how their clocks stand to each other."""
    cursor.execute(
        """
        CREATE TABLE tracks (
            recording_id UUID NOT NULL,
            session_id UUID PRIMARY KEY,
            offset_s DOUBLE NOT NULL,
            offset_error_s DOUBLE NOT NULL,
            how VARCHAR NOT NULL CHECK (how IN ('reference', 'clocks', 'movement'))
        )
        """
    )


def m013_drift_of_tracks(cursor: duckdb.DuckDBPyConnection) -> None:
    """How fast the clock of a track runs; of those from before it was not measured."""
    cursor.execute("ALTER TABLE tracks ADD COLUMN drift DOUBLE DEFAULT 0")


MIGRATIONS: tuple[Migration, ...] = (
    m001_sessions_and_frames,
    m002_preferences,
    m003_notes,
    m004_processed,
    m005_sessions_from_files,
    m006_readings,
    m007_metrics_and_references,
    m008_people_shares_tokens_audit,
    m009_authors_of_notes,
    m010_goals,
    m011_paired_devices,
    m012_tracks,
    m013_drift_of_tracks,
)
