"""The manifest, and what follows from it: names, requirements, hooks, jobs."""

from __future__ import annotations

import ast
from pathlib import Path

import pluggy
from translationstring import TranslationString

from parlour import hooks
from parlour.plugin import graph
from parlour.plugin.registry import Loaded, Plugins, misnamed, specifications
from parlour.testing.conformance.subject import Subject, imports, modules


class ManifestChecks(Subject):
    """The plugin says what it is, and its package holds to that."""

    def test_the_manifest_is_valid(self, loaded: Loaded) -> None:
        fault = loaded.manifest.fault(self.plugin)
        assert fault is None, str(fault)
        for name in ("title", "summary"):
            text = getattr(loaded.manifest, name)
            assert isinstance(text, TranslationString), f"{name} is shown to people: wrap it in _()"
            assert str(text).strip(), f"{name} is empty"
        assert loaded.manifest.description, "the docstring of the package describes the plugin; it is empty"

    def test_the_package_holds_nothing_but_the_manifest(self, folder: Path) -> None:
        tree = ast.parse((folder / "__init__.py").read_text("utf-8"))
        more = [ast.unparse(node).splitlines()[0] for node in tree.body if not _belongs_to_manifest(node)]
        assert not more, f"__init__.py is imported even where the plugin is not installed; move this: {more}"

    def test_it_imports_no_plugin_that_it_does_not_require(
        self, folder: Path, loaded: Loaded, plugins: Plugins
    ) -> None:
        allowed = {self.plugin, *graph.requirements(plugins.manifests, self.plugin)}
        strangers = []
        for file, tree in modules(folder):
            # A bridge is loaded only where the other side is there.
            within = file.relative_to(folder).parts
            other = within[1].removesuffix(".py") if within[0] == "bridges" else ""
            for name in imports(tree):
                owner = plugins.owner_of(name)
                if owner not in allowed | {other, "core", None}:
                    strangers.append(f"{file.relative_to(folder)} imports {name} of {owner}")
        assert not strangers, "\n".join(["Add these to `requires`, or move them into a bridge:", *strangers])

    def test_its_templates_and_files_lie_under_its_name(self, folder: Path) -> None:
        templates = folder / "templates"
        outside = [str(file) for file in templates.glob("*") if file.name != self.plugin]
        assert not outside, (
            f"templates lie in templates/{self.plugin}/, so that no other plugin's are hidden: {outside}"
        )

    def test_its_hooks_match_their_specifications(self, loaded: Loaded, plugins: Plugins) -> None:
        assert not misnamed(loaded), f"hooks that a plugin offers begin with its name: {misnamed(loaded)}"
        offered = {self.plugin, *graph.requirements(plugins.manifests, self.plugin)}
        asked = [(loaded.modules.get("hooks"), offered)]
        asked += [(module, offered | {other}) for other, module in loaded.bridges.items()]
        for module, owners in asked:
            if module is not None:
                trial = pluggy.PluginManager(hooks.PROJECT)
                for specs in specifications(plugins.loaded, owners):
                    trial.add_hookspecs(specs)
                trial.register(module)
                trial.check_pending()

    def test_its_jobs_and_schedules_carry_its_name(self, loaded: Loaded) -> None:
        module = loaded.modules.get("jobs")
        names = [*getattr(module, "JOBS", {}), *getattr(module, "SCHEDULES", {})]
        assert not [name for name in names if not name.startswith(f"{self.plugin}.")]


def _belongs_to_manifest(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["plugin"]
