import AnomalyCommand
import MPICommunication

AnomalyCommandLine.run(joining: { MPIProcesses() })
