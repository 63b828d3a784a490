"""A copy of the truck's log puts everything back as it was, once."""

from pathlib import Path

from ardoise.up.kept_log import KeptLog


def test_what_was_written_since_is_gone_and_what_was_removed_is_back(tmp_path: Path):
    log, mark = tmp_path / "store", tmp_path / "ingest"
    for directory in (log, mark):
        (directory / "inner").mkdir(parents=True)
        (directory / "inner" / "kept").write_text("before")
    kept = KeptLog(tmp_path / "copy", log, mark)
    assert not kept.there
    kept.keep()
    (log / "later").write_text("later")
    (log / "inner" / "kept").write_text("after")
    (mark / "inner" / "kept").unlink()
    kept.put_back()
    assert not (log / "later").exists()
    assert (log / "inner" / "kept").read_text() == (mark / "inner" / "kept").read_text() == "before"
    assert not kept.there


def test_the_newest_copy_counts(tmp_path: Path):
    log = tmp_path / "store"
    log.mkdir()
    kept = KeptLog(tmp_path / "copy", log)
    for content in ("first", "second"):
        (log / "file").write_text(content)
        kept.keep()
    (log / "file").write_text("third")
    kept.put_back()
    assert (log / "file").read_text() == "second"
