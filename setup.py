"""Packaging: `core/` is imported as `parlour`, `plugins/X` as `parlour.plugins.X`, `themes/X` as `parlour.themes.X`."""

from pathlib import Path

from setuptools import find_namespace_packages, setup

# The core stands by itself: a tree without plugins/ builds as well.
ROOTS = {"core": "parlour", "plugins": "parlour.plugins", "themes": "parlour.themes"}
ROOTS = {folder: name for folder, name in ROOTS.items() if Path(folder).is_dir()}

# Files beside the code that belong to it.
DATA = "jinja2 css js svg png po mo mako txt md webmanifest json"


def packages() -> list[str]:
    """Every package of the three roots under its import name; data-only folders count, because they ship files."""
    found = []
    for folder, name in ROOTS.items():
        found.append(name)
        found.extend(
            f"{name}.{package}" for package in find_namespace_packages(folder, exclude=["*__pycache__*"])
        )
    return found


def plugins() -> list[str]:
    """The plugins that ship with the core, as any other distribution would offer its own."""
    names = [manifest.parent.name for manifest in sorted(Path("plugins").glob("*/__init__.py"))]
    return [f"{name}=parlour.plugins.{name}:plugin" for name in names]


setup(
    name="parlour",
    version="0.1.0",
    description="The open front desk for salons and event organisers: a small core, everything else a plugin.",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=packages(),
    package_dir={name: folder for folder, name in ROOTS.items()},
    include_package_data=False,
    package_data={"": [f"*.{ending}" for ending in DATA.split()]},
    install_requires=[
        "pyramid>=2.1",
        "sqlalchemy>=2.1",
        "pluggy>=1.6",
        "packaging>=24",
        "colander>=2.0",
        "deform>=3.0.1",
        "celery>=5.5",
        "weasyprint>=66",
        # Pyramid 2.1 and deform 3.0.1 import pkg_resources when they run; later setuptools no longer ship it.
        "setuptools>=71,<81",
        "alembic>=1.16",
        "pyramid_jinja2>=2.10",
        "pyramid_tm>=2.6",
        "pyramid_retry>=2.1",
        "zope.sqlalchemy>=4.0",
        "gunicorn>=23",
        "click>=8.1",
        "babel>=2.17",
        "icalendar>=6",
        "python-dateutil>=2.8",
        "holidays>=0.60",
        "phonenumbers>=9",
        "email-validator>=2.2",
        "idna>=3.4",
        "argon2-cffi>=25",
        "python-calamine>=0.4",
        "xlsxwriter>=3.2",
        "lxml>=6",
        "pillow>=11",
        "rapidfuzz>=3.13",
        "structlog>=25",
        "tzdata",
        "lucide>=1",
        "pyotp>=2.9",
        "segno>=1.6",
        "cryptography>=42",
        "prometheus-client>=0.22",
    ],
    extras_require={
        "postgresql": ["psycopg[binary]>=3.2"],
        "redis": ["celery[redis]>=5.5"],
        "test": [
            "webtest>=3",
            "pytest>=8",
            "pytest-xdist>=3.6",
            "pytest-timeout>=2.4",
            "hypothesis>=6.130",
            "playwright>=1.50",
            "axe-playwright-python>=0.1.4",
            "time-machine>=2.16",
            "vobject>=0.9.9",
            "aiosmtpd>=1.4",
            "schemathesis>=4",
            "markdown-it-py>=3",
            "psycopg[binary]>=3.2",
            "celery[redis]>=5.5",
        ],
        "lint": ["ruff>=0.12", "mypy>=1.16", "pre-commit>=4"],
    },
    entry_points={
        "console_scripts": ["parlour=parlour.cli:main"],
        "parlour.plugins": plugins(),
    },
)
