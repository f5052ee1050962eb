"""The most memory that a child process has held, for scripts of tests."""

# Not getrusage: its maximum is inherited from the process that started it,
# which after some thousand tests is larger than what is measured.
PEAK = """
def peak():
    with open('/proc/self/status') as file:
        line = next(line for line in file if line.startswith('VmHWM'))
    return int(line.split()[1]) * 1024
"""
