/* Linked into the static program (`build.sh`). Names of hosts, users and groups are looked up in /etc and by
 * DNS, whatever /etc/nsswitch.conf says: its other sources are libraries for the system's own glibc, which a
 * static program with another glibc cannot load safely. */
#include <nss.h>

__attribute__((constructor)) static void use_built_in_sources(void) {
    __nss_configure_lookup("hosts", "files dns");
    __nss_configure_lookup("passwd", "files");
    __nss_configure_lookup("group", "files");
    __nss_configure_lookup("initgroups", "files");
}
