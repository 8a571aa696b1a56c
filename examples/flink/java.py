"""What Java has to be told for a process of Flink, where none of its scripts starts it."""

from __future__ import annotations

PACKAGES = {  # what Flink reaches into, and Java 17 has closed
    "add-exports": ("java.base/sun.net.util", "java.rmi/sun.rmi.registry", "java.security.jgss/sun.security.krb5"),
    "add-opens": tuple(f"java.base/{name}" for name in (
        "java.lang", "java.net", "java.io", "java.nio", "java.lang.reflect", "java.text", "java.time", "java.util",
        "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks", "sun.nio.ch",
    )),
}  # fmt: skip
# Flink's launch scripts work these out; without them each has to be said. Megabytes.
MEMORY = {
    "task.heap.size": "1024mb", "task.off-heap.size": "0b", "network.min": "64mb", "network.max": "64mb",
    "managed.size": "128mb", "framework.heap.size": "128mb", "framework.off-heap.size": "128mb",
    "jvm-metaspace.size": "256mb", "jvm-overhead.min": "192mb", "jvm-overhead.max": "192mb",
}  # fmt: skip
