"""A printer that behaves like one: paper runs out, cables come loose, the cutter jams midway."""

from kontuar.devices.failures import failure, partly_printed
from kontuar.devices.printing.escpos import DRAWER_PULSE


class PrinterDouble:
    """A transport that keeps what reached the paper. Attributes are faults to switch on."""

    def __init__(self) -> None:
        self.jobs: list[bytes] = []
        """Whole jobs, in order."""
        self.scraps: list[bytes] = []
        """Beginnings of jobs that jammed."""
        self.drawer_openings = 0
        self.offline = False
        self.paper_left_bytes: int | None = None
        """Bytes that still fit on the roll; None = endless."""
        self.jam_after_bytes: int | None = None
        """The next job stops after so many bytes."""

    def send(self, job: bytes) -> None:
        """Print the job, as far as the faults let it."""
        if self.offline:
            raise failure("printer.unavailable", printer="double", reason="offline")
        limit = self._limit(len(job))
        done = job[:limit]
        self.drawer_openings += done.count(DRAWER_PULSE)
        if self.paper_left_bytes is not None:
            self.paper_left_bytes -= limit
        if limit == len(job):
            self.jobs.append(job)
            return
        code = "printer.unavailable" if self.jam_after_bytes is not None else "printer.paper_out"
        self.jam_after_bytes = None
        if not done:
            raise failure(code, printer="double", reason="stopped")
        self.scraps.append(done)
        raise partly_printed(code, printer="double", reason="stopped", sent_bytes=limit, job_bytes=len(job))

    def _limit(self, size: int) -> int:
        limits = [size]
        if self.paper_left_bytes is not None:
            limits.append(self.paper_left_bytes)
        if self.jam_after_bytes is not None:
            limits.append(self.jam_after_bytes)
        return min(limits)
