"""What a statement has cost the server, as the server itself says."""
import re
from typing import NamedTuple


class Cost(NamedTuple):
    cpu: float                                              # seconds of the backend, user and system
    wall: float
    memory: int                                             # peak of the backend since its start, kB


STATISTICS = re.compile(r"([0-9.]+) s user, ([0-9.]+) s system, ([0-9.]+) s elapsed(?s:.*?)([0-9]+) kB max resident")


def statement_cost(connection):
    """Cost of the last statement of a connection that has log_statement_stats = on and
    client_min_messages = log: PostgreSQL sends what getrusage says as a message."""
    user, system, elapsed, memory = STATISTICS.search("".join(connection.notices)).groups()
    del connection.notices[:]
    return Cost(float(user) + float(system), float(elapsed), int(memory))
