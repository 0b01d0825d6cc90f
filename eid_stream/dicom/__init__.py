"""Video inside DICOM objects: taken out to be dehazed, and put back as a derived object."""
