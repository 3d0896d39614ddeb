"""Reading tables from the files that people really have."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from changetrack.adapters.file_text import Limits
from changetrack.adapters.files import Table
from changetrack.domain.refusal import OperationRefused

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put bytes or text into a file: `write("a,b\\n1,2\\n")`."""

    def put(content: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put


def told(path: Path, **options: object) -> list[tuple[int, dict[str, str]]]:
    return [(row.line, dict(row.cells)) for row in Table(path, **options).rows()]  # type: ignore[arg-type]


def faults(path: Path, **options: object) -> list[tuple[int, str | None]]:
    return [(row.line, row.fault) for row in Table(path, **options).rows()]  # type: ignore[arg-type]


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(OperationRefused) as refused:
        list(Table(path, **options).rows())  # type: ignore[arg-type]
    return " ".join(reason.message for reason in refused.value.reasons)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen_from_the_header(write: Write, delimiter: str) -> None:
    path = write(f"id{delimiter}name\n1{delimiter}Ahorn\n")

    assert told(path) == [(2, {"id": "1", "name": "Ahorn"})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_in_every_encoding_that_announces_itself(write: Write, encoding: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    path = write(mark + "id,name\n1,Müller\n".encode(encoding))

    assert told(path) == [(2, {"id": "1", "name": "Müller"})]


def test_another_encoding_is_read_when_it_is_named(write: Write) -> None:
    assert told(write("id,name\n1,Müller\n".encode("cp1252")), encoding="cp1252")[0][1]["name"] == "Müller"


def test_an_unknown_encoding_is_refused(write: Write) -> None:
    assert "no encoding “klingon”" in refusal(write("id\n1\n"), encoding="klingon")


def test_a_row_in_another_encoding_is_named_by_its_line_and_the_others_are_read(write: Write) -> None:
    path = write(b"id,name\n1,M\xfcller\n2,Ahorn\n")

    assert faults(path) == [(2, "It holds bytes that are not UTF-8 text. Save the file as UTF-8."), (3, None)]


def test_a_gzip_file_is_unpacked_whatever_its_name(write: Write) -> None:
    assert told(write(gzip.compress(b"id\n1\n"))) == [(2, {"id": "1"})]


def test_a_damaged_gzip_file_is_refused(write: Write) -> None:
    content = gzip.compress(b"id,name\n" + b"1,Ahorn\n" * 50_000)

    assert "damaged or cut short" in refusal(write(content[: len(content) // 2]))


def test_a_file_that_swells_when_unpacked_is_refused(write: Write) -> None:
    limits = Limits(ratio=100, ratio_from=1024 * 1024)

    assert "unpacks to more" in refusal(write(gzip.compress(b"id\n" + b"0\n" * 4_000_000)), limits=limits)


def test_no_more_is_unpacked_than_the_limit(write: Write) -> None:
    assert "unpacks to more" in refusal(write("id\n" + "1\n" * 5000), limits=Limits(unpacked=4096))


@pytest.mark.parametrize("content", [b"PK\x03\x04....", b"%PDF-1.7", b"\xd0\xcf\x11\xe0\xa1\xb1", b"PAR1...."])
def test_what_is_no_text_is_refused_by_its_kind(write: Write, content: bytes) -> None:
    assert "not CSV text" in refusal(write(content))


def test_utf_16_without_a_mark_is_refused(write: Write) -> None:
    assert "full of NUL bytes" in refusal(write("id,name\n1,Ahorn\n".encode("utf-16-le")))


def test_lines_are_counted_as_an_editor_does_when_cells_hold_breaks(write: Write) -> None:
    path = write('id,note\n1,"two\nlines"\n2,one\n\n3,last\n')

    assert [line for line, _ in told(path)] == [2, 4, 6]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read(write: Write, end: str) -> None:
    assert [cells["id"] for _, cells in told(write(f"id,n{end}1,a{end}2,b{end}"))] == ["1", "2"]


def test_blank_rows_are_passed_over(write: Write) -> None:
    assert told(write("id,name\n\n,\n1,Ahorn\n,\n")) == [(4, {"id": "1", "name": "Ahorn"})]


def test_a_row_of_another_width_is_named_and_trailing_blanks_are_not(write: Write) -> None:
    path = write("id,name\n1\n2,Ahorn,more\n3,Ahorn,\n")

    assert faults(path) == [
        (2, "It has 1 cells; the header has 2."),
        (3, "It has 3 cells; the header has 2."),
        (4, None),
    ]


def test_a_quotation_mark_that_is_never_closed_is_named_where_it_opens(write: Write) -> None:
    path = write('id,name\n1,Ahorn\n2,"Birke\n3,Buche\n')

    assert faults(path)[-1] == (3, "A quotation mark is opened here and never closed.")


def test_text_after_a_closing_quotation_mark_spoils_its_row_only(write: Write) -> None:
    found = faults(write('id,name\n1,"Ahorn"x\n2,Birke\n'))

    assert found[0][0] == 2
    assert "not well-formed CSV" in str(found[0][1])
    assert found[1] == (3, None)


def test_a_cell_beyond_the_limit_spoils_its_row_only(write: Write) -> None:
    found = faults(write(f"id,name\n1,{'x' * 70_000}\n2,Birke\n"))

    assert "longer than 65,536 characters" in str(found[0][1])
    assert found[1] == (3, None)


def test_a_line_without_end_is_not_kept_in_memory(write: Write) -> None:
    found = faults(write("id,name\n1," + "x" * 3_000_000 + "\n2,Birke\n"))

    assert found == [(2, "A line is longer than 1,048,576 characters."), (3, None)]


def test_a_cell_that_an_export_defused_is_read_as_it_was(write: Write) -> None:
    assert told(write("id,name\n1,'=SUM(A1)\n2,'s Hertogenbosch\n")) == [
        (2, {"id": "1", "name": "=SUM(A1)"}),
        (3, {"id": "2", "name": "'s Hertogenbosch"}),
    ]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "The file is empty"),
        ("\n1,2\n", "The file is empty"),
        ("id,name,id\n", "“id” stands in line 1 more than once"),
        ("id,,name\n", "Column 2 has no name"),
        ("id,na\0me\n", "holds a control character"),
        (f"id,{'x' * 121}\n", "longer than 120"),
        (",".join(f"c{n}" for n in range(201)), "201 columns; at most 200"),
        ('id,"name\n', "Line 1"),
    ],
)
def test_a_header_that_cannot_be_one_is_refused(write: Write, header: str, words: str) -> None:
    assert words in refusal(write(header))


def test_an_absent_file_is_refused_by_name(tmp_path: Path) -> None:
    assert "nowhere.csv: No such file" in refusal(tmp_path / "nowhere.csv")


def test_a_table_is_read_as_often_as_needed(write: Write) -> None:
    table = Table(write("id\n1\n2\n"))

    assert list(table.rows()) == list(table.rows())
    assert table.share_read == 1


def test_equal_content_has_an_equal_digest(write: Write) -> None:
    assert Table(write("id\n1\n", "a.csv")).digest == Table(write("id\n1\n", "b.csv")).digest
