"""People behind nginx: their browsers speak TLS, and they try again when a page says "one moment, please"."""

import time
from pathlib import Path
from typing import Any

import requests

from ..rehearsal.browser import Broken, Browser
from ..rehearsal.person import Person, Row
from ..rehearsal.play import Play

TRIES = 60
PAUSE = 0.5  # seconds
BUSY = (502, 503, 504)


class PatientBrowser(Browser):
    """Speaks TLS with nginx, and reloads what is not there at the moment."""

    busy = 0  # how often anybody was told to wait

    def __init__(self, base_url: str, certificate: Path) -> None:
        super().__init__(base_url)
        self._wire, self._certificate = base_url, certificate
        self._session.verify = str(certificate)
        del self._session.headers["X-Forwarded-Proto"]  # that is for nginx to say

    def tab(self) -> "PatientBrowser":
        other = PatientBrowser(self._base, self._certificate)
        other._session.cookies.update(self._session.cookies)
        return other

    def _send(self, method: str, path: str, **what: Any) -> requests.Response:
        for _try in range(TRIES):
            answer = super()._send(method, path, **what)
            if answer.status_code not in BUSY:
                return answer
            PatientBrowser.busy += 1
            time.sleep(PAUSE)
        raise Broken(f"{path} is busy for ever: {answer.status_code}")


class PatientPlay(Play):
    """A play whose people are patient."""

    certificate: Path
    web: int  # the port of the web process that lives to the end

    def person(self, row: Row, language: str = "") -> Person:
        person = super().person(row, language)
        person.take(PatientBrowser(self.stage.base_url, self.certificate))
        return person
