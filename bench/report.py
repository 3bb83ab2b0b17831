"""The figures of both engines beside each other: a table for people, a line for programs."""

import json
import re
from pathlib import Path
from typing import Any

from bench.scenarios import Figures

_ROWS = (
    ("cpu_ms_per_listener_second", "CPU per listener, ms/s"),
    ("cpu_us_per_packet", "CPU per packet, us"),
    ("packets_per_listener_second", "packets per listener and second"),
    ("rss_kib_per_listener", "memory per listener, KiB"),
    ("join_cpu_ms", "CPU per join, ms"),
    ("join_to_first_packet_ms_median", "request to first packet, ms, median"),
    ("join_to_first_packet_ms_p95", "request to first packet, ms, p95"),
    ("latency_ms_median", "speaker to speaker, ms, median"),
    ("latency_ms_p95", "speaker to speaker, ms, p95"),
    ("lost_packets", "lost packets"),
    ("full_room_cpu_ms_per_second", "ten talkers at once, CPU ms/s"),
)


def table(embedded: Figures, janus: Figures) -> str:
    """A Markdown table; the ratio says how many times less the embedded engine takes."""
    lines = ["| figure | embedded | Janus | ratio |", "|---|---:|---:|---:|"]
    for key, title in _ROWS:
        if key in embedded or key in janus:
            cells = (_cell(embedded.get(key)), _cell(janus.get(key)), _ratio(key, embedded, janus))
            lines.append(f"| {title} | {' | '.join(cells)} |")
    lines += [
        f"| {_rooms(key)} rooms, a talker in each, CPU ms/s | {_cell(embedded[key])} | | |"
        for key in sorted(embedded, key=_rooms)
        if _rooms(key) >= 0
    ]
    return "\n".join(lines)


def save(path: Path, result: dict[str, Any]) -> str:
    """Write the result as one line of JSON; returns the line."""
    line = json.dumps(_rounded(result))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line + "\n")
    return line


def ratios(embedded: Figures, janus: Figures) -> Figures:
    """Janus divided by embedded, for what both were measured at."""
    return {
        key: janus[key] / embedded[key]
        for key, _ in _ROWS
        if key in embedded and key in janus and embedded[key]
    }


def _rooms(key: str) -> int:
    """How many rooms a figure is about; -1 when it is about something else."""
    found = re.fullmatch(r"rooms_(\d+)_cpu_ms_per_second", key)
    return int(found[1]) if found else -1


def _ratio(key: str, embedded: Figures, janus: Figures) -> str:
    ratio = ratios(embedded, janus).get(key)
    return "" if ratio is None else f"{ratio:.1f}"


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value
