"""garm serve: files beneath a directory."""
import pytest

from command import assert_refused, fetch, garm, serving


@pytest.fixture
def site(tmp_path):
    (tmp_path / "secret.txt").write_text("secret\n")
    (tmp_path / "site" / "sub").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("<title>root</title>\n")
    (tmp_path / "site" / "a b.txt").write_text("text\n")
    (tmp_path / "site" / "sub" / "index.html").write_text("<title>sub</title>\n")
    (tmp_path / "site" / "out.txt").symlink_to("../secret.txt")
    return tmp_path / "site"


@pytest.mark.parametrize("arguments, inside", [(("site",), False), ((), True), ((".",), True)])
def test_the_files_of_a_directory_are_served(site, arguments, inside):
    with serving("serve", *arguments, cwd=site if inside else site.parent) as said:
        assert said[1] == f"serving {arguments[0] if arguments else '.'}"
        assert fetch(said[2] + "/") == (200, b"<title>root</title>\n")
        assert fetch(said[2] + "/a%20b.txt") == (200, b"text\n")
        assert fetch(said[2] + "/a%20b.txt", "HEAD") == (200, b"")
        assert fetch(said[2] + "/sub/") == fetch(said[2] + "/sub") == (200, b"<title>sub</title>\n")


def test_nothing_else_is_served(site):
    with serving("serve", site) as said:
        for path in ("/nothing", "/out.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/sub/../../secret.txt"):
            assert fetch(said[2] + path)[0] == 404, path
        assert fetch(said[2] + "/", "POST")[0] == 405


def test_what_is_no_directory_is_a_failure(site):
    assert_refused(garm("serve", site / "nothing"), 1, "garm serve: cannot serve", "No such file or directory")
    assert_refused(garm("serve", site / "index.html"), 1, "Not a directory")


def test_flags_may_come_before_the_directory(site):
    assert_refused(garm("serve", "--workers", "1", site / "nothing"), 1, "No such file or directory")
