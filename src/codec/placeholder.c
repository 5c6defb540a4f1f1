typedef int garm_placeholder;
