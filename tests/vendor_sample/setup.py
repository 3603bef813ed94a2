"""A plugin as a vendor ships it: a distribution of its own that knows Parlour only as an installed package."""

from setuptools import find_namespace_packages, setup

setup(
    name="parlour-visitors",
    version="1.0.0",
    description="Who came through the door, for Parlour",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_namespace_packages(include=["parlour_visitors*"]),
    package_data={"": ["*.jinja2", "*.po", "*.css"]},
    install_requires=["parlour>=0.1"],
    entry_points={"parlour.plugins": ["visitors=parlour_visitors:plugin"]},
)
