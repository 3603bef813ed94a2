"""The core stands by itself: a wheel built without `plugins/` is installed, migrated and answers."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.support.distributions import run_python

ROOT = Path(__file__).parent.parent.parent

SCRIPT = """
    import json, sys, tempfile, warnings
    # Without `site` there are no .pth files, and with them no editable installation of this repository.
    sys.path.append({packages!r})
    warnings.simplefilter("ignore")
    from pathlib import Path
    from webtest import TestApp
    import parlour
    from parlour.app import make_app
    from parlour.migrations import runner
    from parlour.plugin.registry import current
    from parlour.settings import load

    data = Path(tempfile.mkdtemp(dir={scratch!r}))
    settings = load({{}}, data, data=data)
    steps = [step.owner for step in runner.upgrade(settings)]
    app = TestApp(make_app(settings))
    page = app.get("/").maybe_follow()
    print(json.dumps({{
        "file": parlour.__file__,
        "steps": steps,
        "loaded": current().order,
        "known": sorted(current().manifests),
        "status": page.status_int,
        "title": page.html.title.string.strip(),
    }}))
"""


def test_the_core_knows_no_plugin_by_name() -> None:
    names = [folder.name for folder in (ROOT / "plugins").iterdir() if (folder / "__init__.py").exists()]
    assert "contacts" in names
    for file in (ROOT / "core").rglob("*.py"):
        source = file.read_text("utf-8")
        for name in names:
            assert f"parlour.plugins.{name}" not in source, file
            assert f"plugins import {name}" not in source, file


def test_a_wheel_without_plugins_starts(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for folder in ("core", "themes"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("setup.py", "pyproject.toml"):
        shutil.copy(ROOT / file, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [
        *pip,
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
        str(tmp_path),
        str(source),
    ]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(tmp_path.glob("parlour-*.whl"))
    target = tmp_path / "installed"
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", "--target", str(target), str(wheel)], check=True
    )
    assert not (target / "parlour" / "plugins").exists()
    script = SCRIPT.format(packages=sysconfig.get_path("purelib"), scratch=str(tmp_path))
    said = run_python(target, script, isolated=True)
    assert said["file"] == str(target / "parlour" / "__init__.py")
    assert set(said["steps"]) == {"core"}
    assert said["loaded"] == []
    assert "contacts" not in said["known"]
    assert said["status"] == 200
    assert said["title"]
