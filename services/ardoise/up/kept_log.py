"""The truck's log as it was: a copy of its files, and of the high-water mark's beside it."""

import shutil
from pathlib import Path


class KeptLog:
    """Copies of some directories. Whoever writes to them stands still meanwhile, or is down."""

    def __init__(self, copy: Path, *directories: Path) -> None:
        self._copy, self._directories = copy, directories

    @property
    def there(self) -> bool:
        """Whether there is one."""
        return self._copy.exists()

    def keep(self) -> None:
        """Copies them; an older copy goes."""
        shutil.rmtree(self._copy, ignore_errors=True)
        for number, directory in enumerate(self._directories):
            shutil.copytree(directory, self._copy / str(number))

    def put_back(self) -> None:
        """They are as they were, and the copy is used up."""
        for number, directory in enumerate(self._directories):
            shutil.rmtree(directory)
            shutil.copytree(self._copy / str(number), directory)
        shutil.rmtree(self._copy)
