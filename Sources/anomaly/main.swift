import AnomalyCommand

AnomalyCommandLine.run()
