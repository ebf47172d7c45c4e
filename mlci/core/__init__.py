"""Values in, values out: nothing here touches a file, a process, a socket or a clock."""
