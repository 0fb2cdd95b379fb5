"""How files are read, by the names of SDK v1."""

from __future__ import annotations

from enum import Enum


class PromoteHeadersBehavior(Enum):
    """Where the names of the columns stand."""

    NO_HEADERS = 0
    ONLY_FIRST_FILE_HAS_HEADERS = 1
    COMBINE_ALL_FILES_HEADERS = 2
    ALL_FILES_HAVE_SAME_HEADERS = 3


class SkipLinesBehavior(Enum):
    """In which files lines are skipped."""

    NO_ROWS = 0
    FROM_FIRST_FILE_ONLY = 1
    FROM_ALL_FILES = 2


class FileEncoding(Enum):
    """How texts are written as bytes."""

    UTF8 = 0
    ISO88591 = 1
    LATIN1 = 2
    ASCII = 3
    UTF16 = 4
    UTF32 = 5
    UTF8BOM = 6
    WINDOWS1252 = 7


class HistogramCompareMethod(Enum):
    """How two histograms are compared."""

    WASSERSTEIN = 0
    ENERGY = 1


class FileType(Enum):
    """What a file was taken for when its data were read by themselves."""

    GENERIC_CSV = 0
    GENERIC_CSV_NO_HEADER = 1
    GENERIC_TSV = 2
    GENERIC_TSV_NO_HEADER = 3
    ZIP = 4
    UNKNOWN = 5
