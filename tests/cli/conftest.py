"""What is installed for the tests of packages and projects: once a session, from the release build."""
import os
import pathlib

import pytest

import installed


@pytest.fixture(scope="session")
def release():
    """The release build's directory. In another build there is a sanitizer, which no consumer has."""
    build = pathlib.Path(os.environ["GARM_BUILD"]).resolve()
    found = pathlib.Path(os.environ.get("GARM_RELEASE", build)).resolve()
    if found == build and build.name != "release":
        pytest.skip("no release build (GARM_RELEASE)")
    return found


@pytest.fixture(scope="session")
def prefix(release, tmp_path_factory):
    """A prefix with Garm in it, by `make install`."""
    path = tmp_path_factory.mktemp("installed") / "deep" / "prefix"
    installed.make("install", release, PREFIX=path)
    yield path
