"""The packages in an image as a software bill of materials: `python -m image.sbom TAG` writes CycloneDX 1.6 JSON."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from image import archive, packages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from image.archive import Image
    from image.packages import Package

LABEL = "org.opencontainers.image."


def main() -> None:
    """Write the document; a file that no package accounts for is named, because no bill lists it."""
    parser = argparse.ArgumentParser(prog="python -m image.sbom", description=__doc__)
    parser.add_argument("tag", help="an image of the local engine")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write; standard output without")
    arguments = parser.parse_args()
    image = archive.save(arguments.tag)
    text = document(image, arguments.tag)
    for sentence in packages.unaccounted(image):
        print(f"not in the bill of materials: {sentence}", file=sys.stderr)
    if arguments.output:
        arguments.output.write_text(text)
    else:
        sys.stdout.write(text)


def document(image: Image, tag: str) -> str:
    """The same text for the same image, whenever and wherever it is made."""
    known = packages.packages(image)
    components = {package: _component(package, _distribution(image)) for package in known}
    bom = Bom(components=components.values(), serial_number=UUID(int=0))
    bom.metadata.timestamp = _created(image)
    bom.metadata.component = _whole(image, tag)
    edges = {package: [other for other in known if other in _needed(package, known)] for package in known}
    for package, needed in edges.items():
        bom.register_dependency(components[package], [components[other] for other in needed])
    wanted = {other for needed in edges.values() for other in needed}
    roots = [components[package] for package in known if package not in wanted]
    bom.register_dependency(bom.metadata.component, roots)
    bom.serial_number = uuid5(NAMESPACE_URL, JsonV1Dot6(bom).output_as_string())
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def requirements(package: Package, python: str) -> Iterator[str]:
    """The names that a package depends on. Of Debian's alternatives, all of them: what is there meets it."""
    if package.kind == "deb":
        for field in ("Pre-Depends", "Depends"):
            yield from re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]+)", package.fields.get(field, ""))
        return
    environment = {
        "extra": "",
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": "linux",
    }
    for text in package.fields.get_all("Requires-Dist", []):
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            yield canonicalize_name(requirement.name)


def _needed(package: Package, known: list[Package]) -> list[Package]:
    interpreter = next((other.version for other in known if re.fullmatch(r"python3\.\d+-minimal", other.name)), "3")
    python = re.match(r"[\d.]+", interpreter)
    names = set(requirements(package, python[0] if python else "3"))
    return [other for other in known if other.kind == package.kind and other.name in names and other is not package]


def _component(package: Package, distribution: str) -> Component:
    """One package, under the package URL by which scanners look up what is known of it."""
    fields = package.fields
    if package.kind == "deb":
        source, _, version = fields.get("Source", package.name).partition(" ")
        version = version.strip("()")
        qualifiers = {"arch": fields["Architecture"], "distro": distribution}
        if source != package.name or version:
            qualifiers["upstream"] = f"{source}@{version}" if version else source
        url = PackageURL("deb", "debian", package.name, package.version, qualifiers)
    else:
        url = PackageURL("pypi", None, package.name, package.version)
    licence = fields.get("License-Expression") or fields.get("License", "")
    return Component(
        type=ComponentType.LIBRARY,
        name=package.name,
        version=package.version,
        description=_sentence(fields),
        licenses=[LicenseFactory().make_from_string(licence)] if licence and "\n" not in licence else (),
        purl=url,
        bom_ref=str(url),
    )


def _sentence(fields: Message) -> str | None:
    text = fields.get("Summary") or fields.get("Description", "").partition("\n")[0]
    return text or None


def _whole(image: Image, tag: str) -> Component:
    """The image itself."""
    labels: dict[str, str] = image.config["config"].get("Labels") or {}
    return Component(
        type=ComponentType.CONTAINER,
        name=labels.get(f"{LABEL}title") or tag.partition(":")[0],
        version=labels.get(f"{LABEL}version") or None,
        description=labels.get(f"{LABEL}description") or None,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=image.id.removeprefix("sha256:"))],
        properties=[
            *(Property(name=name, value=value) for name, value in labels.items() if value),
            *(Property(name=f"layer:{number}", value=layer.digest) for number, layer in enumerate(image.layers)),
        ],
        bom_ref=image.id,
    )


def _created(image: Image) -> datetime:
    """When the image was made: SOURCE_DATE_EPOCH, where the engine heeds that."""
    return datetime.fromisoformat(re.sub(r"\.\d+", "", image.config["created"])).astimezone(UTC)


def _distribution(image: Image) -> str:
    """`debian-13`, from /etc/os-release."""
    path = image.resolve("etc/os-release")
    text = image.read(path).decode() if path else ""
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))
    return f"{release.get('ID', 'debian')}-{release.get('VERSION_ID', '')}".rstrip("-")


if __name__ == "__main__":
    main()
