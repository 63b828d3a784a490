"""What the operator counts and measures."""

from ardoise.chassis.telemetry import counter, gauge

look_finished = gauge(
    "operator.look.finished", "s", "When the operator last came to the end of a look, seconds since 1970."
)
looks_failed = counter("operator.looks.failed", "1", "Looks that found nothing out, by cause.")
objects = gauge("operator.objects", "1", "Objects that are shown, by kind.")
acting = gauge(
    "operator.acting", "1", "1: it may act; 0: another does; -1: nobody does, etcd has no majority."
)
refused = counter(
    "operator.api.refused", "1", "Requests that the API server did not take, by what and by status code."
)
