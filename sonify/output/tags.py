"""What an audio file says about itself: title, author, cover and chapters."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sonify.output.output import encodable
from sonify.reading.cover import Cover

_FRONT_COVER = 3  # picture type, in ID3 and FLAC
_MOST_LISTED = 255  # by a CTOC frame, which counts in a byte


@dataclass(frozen=True, slots=True)
class Tags:
    """What is known of a soundtrack.

    Attributes:
        title: the book's.
        author: the book's; empty where it isn't known.
        chapters: the second at which each begins, and its title.
        duration: seconds.
        cover: the book's.
    """

    title: str
    author: str
    chapters: Sequence[tuple[float, str]]
    duration: float
    cover: Cover | None = None

    def write(self, path: Path, suffix: str) -> None:
        """Writes them into an audio file.

        Args:
            path: the file, which has no tags yet.
            suffix: ".ogg", ".flac", ".wav" or ".mp3", whatever the file is called.
        """
        tags = replace(
            self,
            title=encodable(self.title),
            author=encodable(self.author),
            chapters=[(start, encodable(title)) for start, title in self.chapters],
        )
        if suffix in (".ogg", ".flac"):
            tags._write_vorbis_comments(path, suffix)
        else:
            tags._write_id3(path, suffix)

    def _write_vorbis_comments(self, path: Path, suffix: str) -> None:
        """Chapters as the comments CHAPTER001, CHAPTER001NAME and so on."""
        from mutagen.flac import FLAC, Picture
        from mutagen.oggvorbis import OggVorbis

        audio: Any = FLAC(path) if suffix == ".flac" else OggVorbis(path)
        if audio.tags is None:
            audio.add_tags()
        audio["title"] = self.title
        if self.author:
            audio["artist"] = self.author
        for number, (start, title) in enumerate(self.chapters, 1):
            hours, rest = divmod(round(start * 1000), 3_600_000)
            minutes, milliseconds = divmod(rest, 60_000)
            audio[f"chapter{number:03}"] = f"{hours:02}:{minutes:02}:{milliseconds / 1000:06.3f}"
            audio[f"chapter{number:03}name"] = title
        if self.cover:
            picture = Picture()
            picture.type, picture.mime, picture.data = (
                _FRONT_COVER, self.cover.media_type, self.cover.data
            )  # fmt: skip
            if suffix == ".flac":
                audio.add_picture(picture)
            else:
                encoded = base64.b64encode(picture.write()).decode("ascii")
                audio["metadata_block_picture"] = encoded
        audio.save()

    def _write_id3(self, path: Path, suffix: str) -> None:
        """Chapters as CHAP frames, listed in a CTOC frame, or in several below it."""
        from mutagen import id3
        from mutagen.mp3 import MP3
        from mutagen.wave import WAVE

        audio: Any = MP3(path) if suffix == ".mp3" else WAVE(path)
        if audio.tags is None:
            audio.add_tags()
        tags = audio.tags
        tags.add(id3.TIT2(text=self.title))
        if self.author:
            tags.add(id3.TPE1(text=self.author))
        starts = [round(start * 1000) for start, _ in self.chapters]
        ends = [*starts[1:], round(self.duration * 1000)]
        names = [f"chapter{number}" for number in range(1, len(starts) + 1)]
        for name, start, end, (_, title) in zip(names, starts, ends, self.chapters, strict=True):
            tags.add(
                id3.CHAP(
                    element_id=name, start_time=start, end_time=end,
                    start_offset=0xFFFFFFFF, end_offset=0xFFFFFFFF,  # the times are meant
                    sub_frames=[id3.TIT2(text=title)],
                )
            )  # fmt: skip
        flags = id3.CTOCFlags.ORDERED
        while len(names) > _MOST_LISTED:
            parts = {
                f"contents-{names[first]}": names[first : first + _MOST_LISTED]
                for first in range(0, len(names), _MOST_LISTED)
            }
            for part, listed in parts.items():
                tags.add(id3.CTOC(element_id=part, flags=flags, child_element_ids=listed))
            names = list(parts)
        flags |= id3.CTOCFlags.TOP_LEVEL
        tags.add(id3.CTOC(element_id="contents", flags=flags, child_element_ids=names))
        if self.cover:
            tags.add(id3.APIC(mime=self.cover.media_type, type=_FRONT_COVER, data=self.cover.data))
        audio.save()
