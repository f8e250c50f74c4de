import AnomalyCommand

#if MPI
  import MPICommunication

  AnomalyCommandLine.run(joining: { MPIProcesses() })
#else
  AnomalyCommandLine.run()
#endif
