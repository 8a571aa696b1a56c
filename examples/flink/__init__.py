"""A Flink cluster on this machine, to try jobs on: JobManager, task managers, a worker pool beside each."""
