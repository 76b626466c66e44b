import CKernels
import Kernels
import TestSupport
import Testing
import Threads
